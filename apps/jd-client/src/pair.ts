import { sameBytes } from '@sv2kit/bitcoin';
import type { PushSolution } from '@sv2kit/codec';
import type { AgreedOutputs, Failure } from '@sv2kit/declaration';
import type { OpenChannel } from '@sv2kit/mining';
import type { Logger } from '@sv2kit/net';
import type { Taken } from '@sv2kit/template-source';
import { type Upstream, type UpstreamReport, type UpstreamState, UpstreamStates } from '@sv2kit/upstream';
import { judgeAllocation } from './allocation.ts';
import { Changes } from './changes.ts';
import { Declarer } from './declarer.ts';
import type { DeclaratorLink } from './declarator-link.ts';
import type { PairContext, PairListener } from './pair-context.ts';
import { connectDeclarator, connectPool } from './pair-ends.ts';
import type { PoolLink } from './pool-link.ts';
import { probeOutputs } from './probe.ts';
import type { ListedUpstream } from './upstream-config.ts';
import { WaitingSolutions } from './waiting-solutions.ts';

/** One listed pool with its job declarator server: connections to both while it runs. */
export class Pair {
  readonly index: number;
  readonly config: ListedUpstream;
  readonly #context: PairContext;
  readonly #listener: PairListener;
  readonly #log: Logger;
  #ends: { readonly pool: Upstream; readonly declarator: Upstream } | undefined;
  #closing: Promise<unknown> = Promise.resolve();
  #pool: PoolLink | undefined;
  #link: DeclaratorLink | undefined;
  #declarer: Declarer | undefined;
  #agreed: AgreedOutputs | undefined;
  readonly #poolStates: UpstreamStates;
  readonly #declaratorStates: UpstreamStates;
  readonly #solutions = new WaitingSolutions();
  readonly #changes = new Changes();
  #failure: (Failure & { readonly atMs: number }) | undefined;

  constructor(index: number, config: ListedUpstream, context: PairContext, listener: PairListener) {
    this.index = index;
    this.config = config;
    this.#context = context;
    this.#listener = listener;
    this.#poolStates = new UpstreamStates(context.clock.now());
    this.#declaratorStates = new UpstreamStates(context.clock.now());
    this.#log = context.log.child({ upstream: config.name });
  }

  get name(): string {
    return this.config.name;
  }

  /** Undefined unless it can be mined for. */
  get declarer(): Declarer | undefined {
    return this.#declarer;
  }

  /** The outputs that its server allocates, as far as that is known. */
  get agreed(): AgreedOutputs | undefined {
    return this.#agreed;
  }

  /** What went wrong last. */
  get failure(): (Failure & { readonly atMs: number }) | undefined {
    return this.#failure;
  }

  get running(): boolean {
    return this.#ends !== undefined;
  }

  /** Facts for /status. */
  get state(): {
    pool?: UpstreamState;
    declarator?: UpstreamState;
    tokens: number;
    unanswered: number;
    rejections: number;
  } {
    const { pool, declarator } = this.#ends ?? {};
    return {
      ...(pool === undefined ? {} : { pool: pool.state }),
      ...(declarator === undefined ? {} : { declarator: declarator.state }),
      tokens: this.#link?.tokens ?? 0,
      unanswered: this.#pool?.unanswered ?? 0,
      rejections: this.#pool?.rejections ?? 0,
    };
  }

  /** The pool and the job declarator server, for those who look. */
  get reports(): readonly [UpstreamReport, UpstreamReport] {
    const { pool, declarator } = this.config;
    const [one] = this.#poolStates.reports([pool]);
    const [other] = this.#declaratorStates.reports([declarator]);
    if (one === undefined || other === undefined) throw new Error('an upstream is not in its own list');
    return [one, other];
  }

  /** stopped -> running */
  start(): void {
    if (this.#ends !== undefined) return;
    this.#log.info('upstream is tried');
    const onAway = (failure: Failure): void => {
      // Of connections that are not the present ones any more nobody wants to hear.
      if (this.running) this.#fail(failure);
    };
    const common = { config: this.config, context: this.#context, log: this.#log, onAway };
    const pool = connectPool(
      {
        ...common,
        states: this.#poolStates,
        onChannel: () => this.#check(),
        onTarget: () => this.#listener.onTarget(this),
        onFailure: (failure) => this.#fail(failure),
      },
      (link) => {
        this.#pool = link;
      },
    );
    const declarator = connectDeclarator(
      { ...common, states: this.#declaratorStates, onToken: (changed, outputs) => this.#onToken(changed, outputs) },
      (link) => this.#onDeclarator(link),
    );
    this.#ends = { pool, declarator };
  }

  /** running -> stopped */
  stop(): void {
    const ends = this.#ends;
    if (ends === undefined) return;
    this.#ends = undefined;
    this.#declarer?.leave();
    this.#declarer = undefined;
    this.#pool?.leave();
    this.#closing = Promise.all([this.#closing, ends.pool.close(), ends.declarator.close()]);
    this.#pool = undefined;
    this.#link = undefined;
  }

  /** It is mined for no longer, and may be again: a declarer that was left declares nothing more. */
  renew(): void {
    if (this.#declarer === undefined || this.#link === undefined || this.#pool?.channel === undefined) return;
    this.#declarer = this.#declarerFor(this.#pool, this.#link, this.#declarer.agreed);
  }

  /** Resolves when its connections have ended. */
  async close(): Promise<void> {
    this.stop();
    await this.#closing;
  }

  /** Asks the server once for a token, for its outputs' sake, while the pair does not run. */
  async probe(): Promise<void> {
    const { knobs, clock, security } = this.#context;
    const { config } = this;
    const counted = await probeOutputs({ ...config, tokenMs: knobs.tokens.answerMs, clock, log: this.#log, security });
    if (counted !== undefined && !this.running) this.#judge(counted);
  }

  tipMoved(nowMs: number): void {
    if (this.#declarer === undefined) this.#pool?.tipMoved(nowMs);
    else this.#declarer.tipMoved(nowMs);
  }

  tick(nowMs: number): void {
    this.#pool?.tick(nowMs);
    this.#link?.tick();
    if (this.#link?.isSilent(nowMs) === true) this.#fail({ reason: 'token-timeout' });
    this.#declarer?.tick(nowMs);
  }

  #onDeclarator(link: DeclaratorLink): void {
    this.#link = link;
    for (const solution of this.#solutions.drain(this.#context.clock.now())) link.push(solution);
  }

  #push(message: PushSolution): Taken {
    if (this.#link?.push(message) === true) return 'sent';
    if (!this.running) return 'not-for-it';
    this.#solutions.add(message, this.#context.clock.now());
    return 'waits';
  }

  #onToken(changed: boolean, outputs: Uint8Array): void {
    if (changed && !this.#judge(outputs)) return;
    this.#check();
    this.#declarer?.advance();
    this.#listener.onToken(this);
  }

  /** @returns whether the allocated outputs are as agreed */
  #judge(counted: Uint8Array): boolean {
    const verdict = judgeAllocation(counted, this.config.expectedPayout, this.#log);
    const before = this.#agreed;
    this.#agreed = verdict.kind === 'agreed' ? verdict.agreed : undefined;
    if (verdict.kind === 'refused') {
      this.#fail(verdict.failure);
      return false;
    }
    const { size } = verdict.agreed;
    if (before !== undefined && before.size !== size) {
      this.#log.warn("the pool's outputs have another size than before", { before: before.size, now: size });
    }
    this.#listener.onOutputs(this, verdict.agreed);
    return true;
  }

  /** Channel, token and outputs are there, or are others than before: there is a declarer for them. */
  #check(): void {
    const channel = this.#pool?.channel;
    if (this.#pool === undefined || channel === undefined || this.#link === undefined || this.#agreed === undefined)
      return;
    const before = this.#declarer;
    if (before === undefined && this.#link.tokens === 0) return;
    if (before?.isFor(this.#pool, this.#link, this.#agreed) === true && sameSpace(before.channel, channel)) return;
    if (before !== undefined && this.#changes.isTooMany(this.#context.clock.now()))
      return this.#fail({ reason: 'restless' });
    this.#declarer = this.#declarerFor(this.#pool, this.#link, this.#agreed);
    this.#log.info('upstream is ready', { mode: this.config.mode });
    this.#listener.onReady(this);
    before?.leave();
  }

  #declarerFor(pool: PoolLink, declarator: DeclaratorLink, agreed: AgreedOutputs): Declarer {
    const { tag, transactions, knobs, totals, metrics, clock, tipKnownSinceMs } = this.#context;
    return new Declarer({
      name: this.name,
      mode: this.config.mode,
      pool,
      declarator,
      push: (message) => this.#push(message),
      agreed,
      tag,
      transactions,
      patience: knobs.declaration,
      tipKnownSinceMs,
      totals,
      metrics,
      clock,
      log: this.#log,
      onAcknowledged: () => this.#listener.onTarget(this),
      onMarked: () => this.#listener.onMarked(this),
      onFailure: (failure) => this.#fail(failure),
    });
  }

  #fail(failure: Failure): void {
    const { clock } = this.#context;
    const same = this.#failure?.reason === failure.reason && this.#failure.detail === failure.detail;
    this.#failure = { ...failure, atMs: clock.now() };
    if (this.#declarer !== undefined || !same) this.#log.warn('upstream cannot be mined for', { ...failure });
    this.#declarer?.leave();
    this.#declarer = undefined;
    this.#listener.onFailure(this, failure);
  }
}

function sameSpace(a: OpenChannel, b: OpenChannel): boolean {
  return a.extranonceSize === b.extranonceSize && sameBytes(a.extranoncePrefix, b.extranoncePrefix);
}
