import type { Clock, CloseReason, Logger } from '@sv2kit/net';
import { silentLogger, systemClock } from '@sv2kit/net';
import { BenchOfEndpoints } from './bench-of-endpoints.ts';
import type { UpstreamCloseReason } from './close-reasons.ts';
import type { Dial, Take } from './dial.ts';
import { endpointName, isSameEndpoint, type Place } from './endpoint.ts';
import type { CommonOptions, Upstream } from './options.ts';
import { DEFAULT_POLICY, jittered, type UpstreamPolicy } from './policy.ts';
import { judgeReconnect, type RedirectRequest, type Target } from './reconnect-rule.ts';
import { RedirectGate } from './redirect-gate.ts';
import type { Line, Relay, RelayOwner } from './relay.ts';
import { Failures } from './failures.ts';
import { failureWords } from './failure-words.ts';
import { type Attempt, describeState, healthOf, type State, type UpstreamHealth, type UpstreamState } from './state.ts';

type Connected = Extract<State, { phase: 'connected' }>;

/** Whether a candidate is where the present server's Reconnect leads, not a better endpoint. */
const isRedirect = (candidate: Attempt, { attempt }: Connected): boolean => candidate.index === attempt.index;

/**
 * One connection to the best endpoint that works, whatever is spoken there.
 *
 * connecting -> connected, or connecting to the next, or waiting after the last; waiting -> connecting;
 * connected -> connecting or waiting; any -> closed.
 */
export class ManagedUpstream<E extends Place> implements Upstream<E>, RelayOwner {
  readonly #options: CommonOptions<E>;
  readonly #dial: Dial<E>;
  readonly #policy: UpstreamPolicy;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #random: () => number;
  #endpoints: readonly E[];
  #bench: BenchOfEndpoints;
  #failures: Failures;
  #state: State;
  /** Rounds over all endpoints that failed in a row. */
  #rounds = 0;

  constructor(options: CommonOptions<E>, dial: Dial<E>) {
    if (options.endpoints.length === 0) throw new RangeError('an upstream needs at least one endpoint');
    this.#options = options;
    this.#endpoints = options.endpoints;
    this.#dial = dial;
    this.#policy = { ...DEFAULT_POLICY, ...options.policy };
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLogger;
    this.#random = options.random ?? Math.random;
    this.#bench = new BenchOfEndpoints(options.endpoints.length, this.#policy);
    this.#failures = new Failures(options.endpoints.map(endpointName));
    this.#state = { phase: 'closed' };
  }

  get state(): UpstreamState<E> {
    return describeState(this.#state, this.#endpoints, this.#failures.all);
  }

  get health(): UpstreamHealth {
    return healthOf(this.state);
  }

  /** -> connecting, to the best endpoint */
  start(): void {
    this.#connectAfter(-1, undefined);
  }

  giveUp(reason: string): void {
    const state = this.#state;
    if (state.phase !== 'connected') return;
    this.#count('given-up');
    this.#log.warn('upstream given up', { endpoint: this.#name(state.attempt.index), reason });
    // It closes channels because it goes: it is not passed over for that.
    if (state.isLeaving && this.#isStable(state)) this.#giveBack(state, reason);
    else this.#abandon(state, reason);
  }

  setEndpoints(endpoints: readonly E[]): void {
    if (endpoints.length === 0) throw new RangeError('an upstream needs at least one endpoint');
    const state = this.#state;
    if (state.phase === 'closed') return;
    const before = state.phase === 'connected' ? this.#endpoint(state.attempt.index) : undefined;
    // Those that stay are the same objects, by which others know them.
    const known = this.#endpoints;
    this.#endpoints = endpoints.map((each) => known.find((old) => isSameEndpoint(old, each)) ?? each);
    this.#bench = new BenchOfEndpoints(endpoints.length, this.#policy);
    this.#failures = new Failures(endpoints.map(endpointName));
    switch (state.phase) {
      case 'connecting':
        state.attempt.abort.abort();
        return this.#connectAfter(-1, undefined);
      case 'waiting':
        state.timer[Symbol.dispose]();
        return this.#connectAfter(-1, undefined);
      case 'connected':
        return this.#reorder(state, this.#endpoints.indexOf(before as E));
    }
  }

  /** The present endpoint has another place in the list, or none: -1. */
  #reorder(state: Connected, index: number): void {
    this.#dropCandidate(state);
    if (index === -1) {
      state.relay.leave('removed' satisfies UpstreamCloseReason);
      return this.#connectAfter(-1, undefined);
    }
    const attempt = { ...state.attempt, index };
    this.#become({ ...state, attempt, candidate: undefined, probe: this.#probeLater(attempt) });
  }

  /** any -> closed */
  async close(): Promise<void> {
    const state = this.#state;
    this.#become({ phase: 'closed' });
    switch (state.phase) {
      case 'connecting':
        state.attempt.abort.abort();
        return;
      case 'waiting':
        state.timer[Symbol.dispose]();
        return;
      case 'connected':
        this.#dropCandidate(state);
        state.relay.leave('closed' satisfies UpstreamCloseReason);
        await state.relay.closed;
        return;
      case 'closed':
        return;
    }
  }

  onRedirect(request: RedirectRequest): void {
    const state = this.#state;
    if (state.phase !== 'connected') return;
    const { index, target, hops } = state.attempt;
    if (state.candidate !== undefined && isRedirect(state.candidate, state)) return;
    const verdict = judgeReconnect(request, target, state.redirects.isOpen(this.#clock.now()));
    const fields = { endpoint: this.#name(index), host: request.newHost, port: request.newPort };
    if (verdict.kind === 'ignore') {
      this.#count('redirect-ignored');
      this.#log.warn('Reconnect ignored', { ...fields, why: verdict.why });
      return;
    }
    const hop = this.#isStable(state) ? 1 : hops + 1;
    if (hop > this.#policy.maxRedirects) {
      this.#log.warn('upstream sends us in circles', fields);
      this.#abandon(state, 'too-many-redirects' satisfies UpstreamCloseReason);
      return;
    }
    this.#count('redirected');
    this.#log.info('upstream asks us to reconnect', fields);
    this.#dropCandidate(state);
    const waitMs = Math.min(request.waitMs, this.#policy.maxRedirectWaitMs);
    const candidate = this.#attempt(index, verdict.target, hop, waitMs);
    this.#become({ ...state, probe: undefined, candidate, isLeaving: true });
  }

  /** connected -> connecting, where Reconnect has led or to the next, or waiting */
  onLost({ code }: CloseReason): void {
    const state = this.#state;
    if (state.phase !== 'connected') return;
    const endpoint = this.#name(state.attempt.index);
    this.#count('lost');
    this.#log.warn('upstream lost', { endpoint, code });
    const reason = this.#failures.note(state.attempt.index, code);
    if (this.#isStable(state) || state.isLeaving) return this.#comeBack(state, reason);
    if (state.candidate !== undefined && isRedirect(state.candidate, state)) {
      this.#become({ phase: 'connecting', attempt: state.candidate, lastFailure: reason });
      return;
    }
    this.#dropCandidate(state);
    this.#bench.send(state.attempt.index, this.#clock.now(), this.#random());
    this.#connectAfter(state.attempt.index, reason);
  }

  /** connected -> connecting, where Reconnect has led, or waiting for the same server, which did well */
  #comeBack(state: Connected, reason: string): void {
    this.#bench.clear(state.attempt.index);
    this.#rounds = 0;
    if (state.candidate !== undefined && isRedirect(state.candidate, state)) {
      this.#become({ phase: 'connecting', attempt: state.candidate, lastFailure: reason });
      return;
    }
    this.#dropCandidate(state);
    this.#wait(reason);
  }

  onBug(error: unknown): void {
    this.#log.error('a handler failed while its connection ended', {
      stack: error instanceof Error ? error.stack : '',
    });
  }

  /** Takes leave of a server that has said that it goes. */
  #giveBack(state: Connected, reason: string): void {
    state.relay.leave(reason);
    this.#comeBack(state, this.#failures.note(state.attempt.index, reason));
  }

  /** Takes leave of a server that is of no use, and goes on to the next. */
  #abandon(state: Connected, reason: string): void {
    const { index } = state.attempt;
    if (this.#isStable(state)) this.#bench.clear(index);
    this.#bench.send(index, this.#clock.now(), this.#random());
    this.#dropCandidate(state);
    state.relay.leave(reason);
    this.#connectAfter(index, this.#failures.note(index, reason));
  }

  /** -> connecting to the next endpoint in order, or waiting when there is none */
  #connectAfter(index: number, lastFailure: string | undefined): void {
    const next = this.#bench.order(this.#clock.now()).find((each) => each > index);
    if (next === undefined) {
      this.#wait(lastFailure ?? '');
      return;
    }
    this.#become({ phase: 'connecting', attempt: this.#attempt(next, this.#endpoint(next), 0), lastFailure });
  }

  /** -> waiting */
  #wait(reason: string): void {
    const { backoffMs, maxBackoffMs } = this.#policy;
    const delay = jittered(backoffMs, maxBackoffMs, this.#rounds, this.#random());
    this.#rounds += 1;
    const timer = this.#clock.after(delay, () => this.#connectAfter(-1, reason));
    this.#become({ phase: 'waiting', untilMs: this.#clock.now() + delay, reason, timer });
  }

  #attempt(index: number, { host, port }: Target, hops: number, waitMs = 0): Attempt {
    const attempt: Attempt = { index, target: { host, port }, hops, abort: new AbortController() };
    const { signal } = attempt.abort;
    const take: Take = (line, relayOf) => this.#onConnected(attempt, line, relayOf);
    const dial = () => this.#dial({ endpoint: this.#endpoint(index), target: attempt.target, signal, take });
    const tried = waitMs === 0 ? dial() : this.#later(waitMs, signal).then(dial);
    tried.catch((error: unknown) => this.#onFailed(attempt, error));
    return attempt;
  }

  /** Settles after a while; rejects when the signal aborts before. */
  #later(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = this.#clock.after(ms, resolve);
    signal.addEventListener('abort', () => {
      timer[Symbol.dispose]();
      reject(new Error('aborted'));
    });
    return promise;
  }

  /** connecting -> connected; or connected -> connected elsewhere, when this was the candidate */
  #onConnected<R extends Relay>(attempt: Attempt, line: Line, relayOf: (owner: RelayOwner) => R): R | undefined {
    const before = this.#state;
    const awaited = before.phase === 'connecting' ? before.attempt : before.phase === 'connected' && before.candidate;
    if (awaited !== attempt) {
      line.destroy('superseded' satisfies UpstreamCloseReason);
      return undefined;
    }
    if (before.phase === 'connected') {
      if (!isRedirect(attempt, before)) this.#count('returned');
      before.relay.leave('replaced' satisfies UpstreamCloseReason);
    }
    this.#failures.clear();
    this.#state = { phase: 'connecting', attempt, lastFailure: undefined };
    const relay = relayOf(this);
    this.#count('connected');
    if (attempt.hops > 0) this.#count('moved');
    this.#log.info('upstream connected', { endpoint: this.#name(attempt.index), ...attempt.target });
    this.#become({
      phase: 'connected',
      attempt,
      relay,
      sinceMs: this.#clock.now(),
      redirects: new RedirectGate(this.#policy),
      isLeaving: false,
      candidate: undefined,
      probe: this.#probeLater(attempt),
    });
    return relay;
  }

  #onFailed(attempt: Attempt, error: unknown): void {
    const state = this.#state;
    const endpoint = this.#name(attempt.index);
    const why = failureWords(error);
    if (state.phase === 'connecting' && state.attempt === attempt) {
      const reason = this.#failures.note(attempt.index, why);
      this.#count('failed');
      this.#log.warn('upstream does not serve us', { endpoint, reason });
      this.#connectAfter(attempt.index, reason);
    } else if (state.phase === 'connected' && state.candidate === attempt) {
      this.#count('failed');
      if (isRedirect(attempt, state)) state.redirects.fail(this.#clock.now(), this.#random());
      this.#log.info('still on the present upstream', {
        endpoint: this.#name(state.attempt.index),
        reason: `${endpoint}: ${why}`,
      });
      this.#probe(attempt.index + 1);
    }
  }

  /** Tries the endpoints that are better than the present one, from `from` on; keeps what there is meanwhile. */
  #probe(from: number): void {
    const state = this.#state;
    if (state.phase !== 'connected') return;
    const { index } = state.attempt;
    const better = this.#bench.better(index, this.#clock.now()).find((each) => each >= from);
    if (better !== undefined) {
      const candidate = this.#attempt(better, this.#endpoint(better), 0);
      this.#become({ ...state, candidate, probe: undefined });
    } else {
      this.#become({ ...state, candidate: undefined, probe: this.#probeLater(state.attempt) });
    }
  }

  #probeLater({ index }: Attempt): Disposable | undefined {
    if (index === 0) return undefined;
    const { probeMs } = this.#policy;
    return this.#clock.after(jittered(probeMs, probeMs, 0, this.#random()), () => this.#probe(0));
  }

  #dropCandidate(state: Connected): void {
    state.probe?.[Symbol.dispose]();
    state.candidate?.abort.abort();
  }

  #isStable(state: Connected): boolean {
    return this.#clock.now() - state.sinceMs >= this.#policy.stableMs;
  }

  #endpoint(index: number): E {
    return this.#endpoints[index] as E;
  }

  #name(index: number): string {
    return endpointName(this.#endpoint(index));
  }

  #count(event: string): void {
    this.#options.metrics?.events.inc({ event });
  }

  #become(state: State): void {
    this.#state = state;
    this.#options.onState?.(this.state);
  }
}
