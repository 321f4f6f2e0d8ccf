import { difficultyFromTarget } from '@sv2kit/bitcoin';
import { configureAnswer, type Subscription, writeConfigured, writeSubscription } from './answers.ts';
import { readDifficulty } from './difficulty.ts';
import { type Id, type Json, type Line, NO_ID, readLine, writeError, writeResult } from './envelope.ts';
import { Sv1Error, type StratumError, stratumError } from './errors.ts';
import type { JobLine } from './jobs.ts';
import { LineReader } from './line-reader.ts';
import { type LineLimits, MINER_LINE_LIMITS, SV1_LIMITS, type Sv1Limits } from './limits.ts';
import { MinerFeed } from './miner-feed.ts';
import {
  type Authorise,
  type Configure,
  type MinerRequest,
  readMinerRequest,
  type Submit,
  type Subscribe,
} from './miner-requests.ts';
import { readPassword, splitUsername } from './names.ts';
import { Outbox } from './outbox.ts';
import { type Reconnect, writePoolMessage } from './pool-messages.ts';
import type { Answerable, ServerState, Sv1ServerEvent, VersionRolling } from './server-events.ts';
import { Unanswered } from './unanswered.ts';
import { commonMask } from './version-rolling.ts';
import { Workers } from './workers.ts';

/** What the server's side of configure can offer. */
export interface Offer {
  /** Version bits that the upstream lets roll; 0 for none. */
  readonly versionMask: number;
  /** Whether the miner's minimum difficulty will be kept. */
  readonly minimumDifficulty?: boolean;
}

/** What a {@link Sv1ServerSession} may be given. */
export interface ServerSessionOptions {
  readonly lines?: LineLimits;
  readonly limits?: Sv1Limits;
}

/**
 * One V1 miner, seen from the server: bytes in, events out; answers and work are queued until `drain`. Requests may come
 * pipelined and in any order, and be answered in any order. Jobs wait until subscribe and authorize are answered; a
 * difficulty goes out only in front of a job.
 */
export class Sv1ServerSession {
  readonly #reader: LineReader;
  readonly #lines: LineLimits;
  readonly #limits: Sv1Limits;
  readonly #outbox = new Outbox();
  readonly #unanswered: Unanswered<Answerable>;
  readonly #workers: Workers;
  readonly #feed: MinerFeed = new MinerFeed(this.#outbox);
  #state: ServerState = { phase: 'fresh' };
  #rolling: VersionRolling = { kind: 'not-asked' };
  #offered = 0;
  #subscription: Subscription | undefined;
  #takesExtranonces = false;
  #userAgent = '';
  #malformed = 0;

  constructor({ lines = MINER_LINE_LIMITS, limits = SV1_LIMITS }: ServerSessionOptions = {}) {
    this.#lines = lines;
    this.#limits = limits;
    this.#unanswered = new Unanswered(limits.unansweredRequests);
    this.#workers = new Workers(limits.workers);
    this.#reader = new LineReader(lines);
  }

  get state(): ServerState {
    return this.#state;
  }

  /** What the miner says it is, often wrong; empty when it does not say. */
  get userAgent(): string {
    return this.#userAgent;
  }

  get versionRolling(): VersionRolling {
    return this.#rolling;
  }

  /**
   * Version bits that this miner's shares may roll. A miner that never asked may still send some: a rental proxy hands on
   * what its own miners roll, so the offer counts for it.
   */
  get versionMask(): number {
    return this.#rolling.kind === 'settled' ? this.#rolling.mask : this.#offered;
  }

  /** What the miner's next job will use, once a subscription is answered. */
  get subscription(): Subscription | undefined {
    return this.#subscription;
  }

  /** Whether the miner has asked for mining.set_extranonce. */
  get takesExtranonces(): boolean {
    return this.#takesExtranonces;
  }

  /** Whether a user name may submit. */
  isAuthorised(username: string): boolean {
    return this.#workers.isGranted(username);
  }

  /**
   * Takes bytes of the miner, however they are cut.
   *
   * @throws {@link Sv1Error}, and nothing else whatever the bytes are
   */
  *receive(chunk: Uint8Array): Generator<Sv1ServerEvent, void, undefined> {
    for (const bytes of this.#reader.receive(chunk)) {
      const event = this.#onLine(readLine(bytes, this.#lines));
      if (event !== undefined) yield event;
    }
  }

  /** What has to be written, in one piece. Not to be changed: a job's bytes are shared between miners. */
  drain(): Uint8Array | undefined {
    return this.#outbox.drain();
  }

  /** Answers mining.configure with what it asked for and nothing else; the mask is what both sides allow. */
  configured(request: Configure, offer: Offer): void {
    this.#unanswered.settle(request);
    const { versionRolling } = request;
    this.#offered = offer.versionMask;
    const mask = versionRolling === undefined ? 0 : commonMask(offer.versionMask, versionRolling.mask);
    if (versionRolling !== undefined) this.#rolling = { kind: 'settled', asked: versionRolling.mask, mask };
    if (request.subscribeExtranonce === true) this.#takesExtranonces = true;
    this.#outbox.add(writeConfigured(request.id, configureAnswer(request, mask, offer.minimumDifficulty === true)));
  }

  /** Answers mining.subscribe. fresh -> subscribed, authorised -> mining */
  subscribed(request: Subscribe, subscription: Subscription): void {
    this.#unanswered.settle(request);
    this.#subscription ??= subscription;
    this.#outbox.add(writeSubscription(request.id, this.#subscription));
    if (this.#state.phase === 'fresh') this.#state = { phase: 'subscribed' };
    else if (this.#state.phase === 'authorised') this.#startMining();
  }

  /** Answers mining.authorize with yes. fresh -> authorised, subscribed -> mining */
  authorised(request: Authorise): void {
    this.#unanswered.settle(request);
    this.#workers.grant(request.username);
    this.#outbox.add(writeResult(request.id, true));
    if (this.#state.phase === 'fresh') this.#state = { phase: 'authorised' };
    else if (this.#state.phase === 'subscribed') this.#startMining();
  }

  /** Answers mining.submit with yes. */
  accepted(request: Submit): void {
    this.#unanswered.settle(request);
    this.#outbox.add(writeResult(request.id, true));
  }

  /** Answers any request with no. */
  refuse(request: Answerable, error: StratumError): void {
    this.#unanswered.settle(request);
    if (request.type === 'authorise') this.#workers.refuse(request.username);
    this.#outbox.add(writeError(request.id, error));
  }

  /**
   * Gives the miner a job, or keeps it until the miner is ready; the latest counts. The first one, and one with a new
   * extranonce, are always clean.
   *
   * @param difficulty of the job's shares; sent in front of it when it is another than before
   * @returns whether it went out
   */
  sendJob(line: JobLine, difficulty: number): boolean {
    return this.#feed.send({ line, difficulty });
  }

  /**
   * Changes the miner's extranonce with its next job.
   *
   * @returns false when the miner has not asked for such changes: it has to reconnect
   */
  setExtranonce(subscription: Subscription): boolean {
    if (this.#subscription === undefined || !this.#takesExtranonces) return false;
    this.#subscription = subscription;
    this.#feed.nextExtranonce = subscription;
    return true;
  }

  /** The upstream allows other version bits from the next job on; the miner is told if that changes its own. */
  setVersionMask(upstream: number): void {
    this.#offered = upstream;
    const rolling = this.#rolling;
    if (rolling.kind !== 'settled') return;
    const mask = commonMask(upstream, rolling.asked);
    if (mask === rolling.mask) return;
    this.#rolling = { ...rolling, mask };
    if (this.#state.phase === 'mining') this.#tellMask(mask);
  }

  /** Sends the miner to another server, or to this one again. */
  reconnect(to: Omit<Reconnect, 'type'>): void {
    this.#outbox.add(writePoolMessage({ type: 'reconnect', ...to }));
  }

  /** Shows a text on the miner's screen, if it has one. */
  showMessage(text: string): void {
    this.#outbox.add(writePoolMessage({ type: 'show-message', text }));
  }

  /** Asks what the miner is; a `version` event may follow. */
  askVersion(): void {
    this.#outbox.add(writePoolMessage({ type: 'get-version', id: VERSION_ID }));
  }

  #onLine(line: Line): Sv1ServerEvent | undefined {
    if (line.kind === 'malformed') return this.#onMalformed(line);
    this.#malformed = 0;
    if (line.kind === 'answer') return this.#onAnswer(line.id, line.result);
    return this.#onRequest(readMinerRequest(line.id, line.method, line.params));
  }

  #onRequest(request: MinerRequest): Sv1ServerEvent | undefined {
    switch (request.type) {
      case 'configure':
        return this.#want({ type: 'configure', request });
      case 'subscribe':
        return this.#onSubscribe(request);
      case 'authorise':
        return this.#onAuthorise(request);
      case 'submit':
        return this.#onSubmit(request);
      case 'extranonce-subscribe':
        this.#takesExtranonces = true;
        this.#outbox.add(writeResult(request.id, true));
        return { type: 'extranonce-subscribed' };
      case 'suggest-difficulty':
        return this.#onSuggestion(request.id, request.difficulty);
      case 'suggest-target':
        return this.#onSuggestion(request.id, request.target && readDifficulty(difficultyFromTarget(request.target)));
      case 'multi-version':
        // Firmware that gets an error here reconnects for ever.
        this.#outbox.add(writeResult(request.id, true));
        return undefined;
      case 'get-transactions':
        return this.#no(request.id, 'mining.get_transactions', stratumError('other', 'Not available'));
      case 'ping':
        this.#outbox.add(
          request.id === NO_ID ? writePoolMessage({ type: 'pong', id: NO_ID }) : writeResult(request.id, 'pong'),
        );
        return undefined;
      case 'pong':
        return undefined;
      case 'unknown':
        this.#outbox.add(writeError(request.id, stratumError('other', 'Unknown method')));
        return { type: 'unknown', method: request.method };
      case 'invalid':
        return this.#no(request.id, request.method, stratumError('other', `Invalid ${request.problem}`));
      default:
        return request satisfies never;
    }
  }

  #onSubscribe(request: Subscribe): Sv1ServerEvent | undefined {
    if (this.#subscription !== undefined) {
      this.#outbox.add(writeSubscription(request.id, this.#subscription));
      return undefined;
    }
    this.#userAgent = request.userAgent;
    return this.#want({ type: 'subscribe', request });
  }

  #onAuthorise(request: Authorise): Sv1ServerEvent | undefined {
    if (this.isAuthorised(request.username)) {
      this.#outbox.add(writeResult(request.id, true));
      return undefined;
    }
    if (!this.#workers.ask(request.username)) {
      return this.#no(request.id, 'mining.authorize', stratumError('unauthorised', 'Too many workers'));
    }
    const identity = splitUsername(request.username);
    return this.#want({ type: 'authorise', request, identity, password: readPassword(request.password) });
  }

  #onSubmit(request: Submit): Sv1ServerEvent {
    if (this.#subscription === undefined) return this.#no(request.id, 'mining.submit', stratumError('notSubscribed'));
    if (!this.isAuthorised(request.username)) {
      return this.#no(request.id, 'mining.submit', stratumError('unauthorised'));
    }
    return this.#want({ type: 'submit', request });
  }

  #onSuggestion(id: Id, difficulty: number | undefined): Sv1ServerEvent | undefined {
    this.#outbox.add(writeResult(id, true));
    return difficulty === undefined ? undefined : { type: 'suggestion', difficulty };
  }

  #onAnswer(id: Id, result: Json): Sv1ServerEvent | undefined {
    if (id !== VERSION_ID || typeof result !== 'string') return undefined;
    this.#userAgent = result.slice(0, this.#limits.nameLength);
    return { type: 'version', userAgent: this.#userAgent };
  }

  #onMalformed(line: Extract<Line, { readonly kind: 'malformed' }>): Sv1ServerEvent {
    this.#malformed += 1;
    if (this.#malformed > this.#limits.malformedLines) {
      throw new Sv1Error('too-many-malformed-lines', { reason: line.reason });
    }
    this.#outbox.add(writeError(line.id, stratumError('other', `Malformed request: ${line.reason}`)));
    return { type: 'malformed', reason: line.reason };
  }

  #want<E extends Extract<Sv1ServerEvent, { readonly request: Answerable }>>(event: E): E {
    this.#unanswered.add(event.request);
    return event;
  }

  #no(id: Id, method: string, error: StratumError): Sv1ServerEvent {
    this.#outbox.add(writeError(id, error));
    return { type: 'refused', method, error };
  }

  #startMining(): void {
    this.#state = { phase: 'mining' };
    if (this.#rolling.kind === 'settled' && this.#rolling.mask !== 0) this.#tellMask(this.#rolling.mask);
    this.#feed.open();
  }

  #tellMask(mask: number): void {
    this.#outbox.add(writePoolMessage({ type: 'set-version-mask', mask }));
  }
}

/** Id of our own request; miners answer it with the same. */
const VERSION_ID: Id = '1';
