import { noExtranonce, readAuthorised, readConfigured, readError, readSubscription, readVerdict } from './answers.ts';
import type { ClientState, Sv1ClientEvent } from './client-events.ts';
import { type Line, NO_ID, readLine, writeError, writeResult } from './envelope.ts';
import { Sv1Error, type StratumError, stratumError } from './errors.ts';
import { type LineLimits, POOL_LINE_LIMITS, SV1_LIMITS, type Sv1Limits } from './limits.ts';
import { LineReader } from './line-reader.ts';
import { type LineTap, tapLines } from './line-tap.ts';
import { type PoolMessage, readPoolMessage, type Reconnect } from './pool-messages.ts';
import { PoolRequests } from './pool-requests.ts';
import { PoolTerms } from './pool-terms.ts';
import { mayReconnect, type ReconnectRule } from './reconnect-hosts.ts';
import { type Share, submitOf } from './share.ts';
import { commonMask } from './version-rolling.ts';
import { writeMinerRequest } from './write-miner-requests.ts';

/** Whom a {@link Sv1ClientSession} speaks to, and as whom. */
export interface ClientSessionOptions extends ReconnectRule {
  readonly port: number;
  readonly userAgent: string;
  readonly username: string;
  readonly password: string;
  /** Version bits to ask for; 0 asks for none and sends no configure. */
  readonly versionMask: number;
  /** A session of an earlier connection to go on with. */
  readonly session?: string;
  readonly suggestDifficulty?: number;
  readonly lines?: LineLimits;
  readonly limits?: Sv1Limits;
}

type Answer = Extract<Line, { readonly kind: 'answer' }>;

/**
 * Our connection to one V1 pool: bytes in, events out; requests are queued until `drain`. Configure and subscribe go out
 * together, authorize behind subscribe's answer. Jobs carry what held when they came.
 */
export class Sv1ClientSession {
  readonly #options: ClientSessionOptions;
  readonly #lines: LineLimits;
  readonly #limits: Sv1Limits;
  readonly #reader: LineReader;
  readonly #requests: PoolRequests;
  readonly #terms = new PoolTerms();
  #state: ClientState = { phase: 'idle' };
  #malformed = 0;
  #tap: LineTap | undefined;

  constructor(options: ClientSessionOptions) {
    this.#options = options;
    this.#lines = options.lines ?? POOL_LINE_LIMITS;
    this.#limits = options.limits ?? SV1_LIMITS;
    this.#reader = new LineReader(this.#lines);
    this.#requests = new PoolRequests(this.#limits.unansweredShares, this.#limits.unansweredRequests);
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Shares that the pool has not answered. */
  get unanswered(): number {
    return this.#requests.unansweredShares;
  }

  /** idle -> subscribing */
  start(): void {
    if (this.#state.phase !== 'idle') throw new Error(`cannot start when ${this.#state.phase}`);
    this.#state = { phase: 'subscribing' };
    const { versionMask, userAgent, session } = this.#options;
    if (versionMask !== 0) {
      const versionRolling = { mask: versionMask, minBitCount: MIN_BITS };
      this.#requests.ask({ kind: 'configure' }, (id) => ({ type: 'configure', id, versionRolling, unknown: [] }));
    }
    this.#requests.ask({ kind: 'subscribe' }, (id) => ({ type: 'subscribe', id, userAgent, session }));
  }

  /**
   * Takes bytes of the pool, however they are cut. To be read to its end: what is left of the chunk is lost otherwise.
   *
   * @throws {@link Sv1Error}, and nothing else whatever the bytes are
   */
  *receive(chunk: Uint8Array): Generator<Sv1ClientEvent, void, undefined> {
    for (const bytes of this.#reader.receive(chunk)) {
      if (this.#tap !== undefined) tapLines(this.#tap, 'received', bytes);
      yield* this.#onLine(readLine(bytes, this.#lines));
    }
  }

  /** What has to be written, in one piece. */
  drain(): Uint8Array | undefined {
    const bytes = this.#requests.drain();
    if (this.#tap !== undefined && bytes !== undefined) tapLines(this.#tap, 'sent', bytes);
    return bytes;
  }

  /** Tells `listener` of all lines from now on, to either side; nobody any more when there is none. */
  tap(listener: LineTap | undefined): void {
    this.#tap = listener;
  }

  /**
   * Asks for a further user name; a `worker` event follows. Only when `working`.
   *
   * @param password ours where none is given
   */
  authorise(username: string, password: string = this.#options.password): void {
    this.#mustWork('authorise');
    this.#requests.ask({ kind: 'worker', username }, (id) => ({ type: 'authorise', id, username, password }));
  }

  /**
   * Sends a share of a job that the pool gave. Only when `working`.
   *
   * @param versionMask of the job
   * @param username one that the pool has authorised; ours where none is given
   * @returns the ticket that the pool's `verdict` will carry
   */
  submit(jobId: string, share: Share, versionMask: number, username: string = this.#options.username): number {
    this.#mustWork('submit');
    return this.#requests.share((id) => submitOf(share, { versionMask }, { id, username, jobId }));
  }

  /** A sign of life for pools that want one. */
  ping(): void {
    this.#requests.tell((id) => ({ type: 'ping', id }));
  }

  *#onLine(line: Line): Generator<Sv1ClientEvent, void, undefined> {
    if (line.kind === 'malformed') {
      this.#malformed += 1;
      if (this.#malformed > this.#limits.malformedLines) {
        throw new Sv1Error('too-many-malformed-lines', { reason: line.reason });
      }
      yield { type: 'malformed', reason: line.reason };
      return;
    }
    this.#malformed = 0;
    if (line.kind === 'answer') yield* this.#onAnswer(line);
    else yield* this.#onMessage(readPoolMessage(line.id, line.method, line.params));
  }

  *#onMessage(message: PoolMessage): Generator<Sv1ClientEvent, void, undefined> {
    switch (message.type) {
      case 'notify': {
        const job = this.#state.phase === 'denied' ? undefined : this.#terms.pin(message);
        if (job !== undefined) yield { type: 'job', job };
        return;
      }
      case 'set-difficulty':
        this.#terms.difficulty = message.difficulty;
        return yield { type: 'difficulty', difficulty: message.difficulty };
      case 'set-extranonce': {
        const { extranonce1, extranonce2Size } = message;
        this.#terms.extranonce = { extranonce1, extranonce2Size };
        yield { type: 'extranonce', extranonce1, extranonce2Size };
        return yield* this.#earlyJob();
      }
      case 'set-version-mask':
        return yield* this.#settleMask(commonMask(message.mask, this.#options.versionMask));
      case 'reconnect':
        return yield this.#onReconnect(message);
      case 'show-message':
        return yield { type: 'message', text: message.text };
      case 'get-version':
        return this.#requests.answer(writeResult(message.id, this.#options.userAgent));
      case 'ping':
        return this.#requests.answer(
          message.id === NO_ID ? writeMinerRequest({ type: 'pong', id: NO_ID }) : writeResult(message.id, 'pong'),
        );
      case 'pong':
        return;
      case 'unknown':
        if (message.id !== NO_ID)
          this.#requests.answer(writeError(message.id, stratumError('other', 'Unknown method')));
        return yield { type: 'unknown', method: message.method };
      case 'invalid':
        return yield { type: 'invalid', method: message.method, problem: message.problem };
      default:
        return message satisfies never;
    }
  }

  *#onAnswer(answer: Answer): Generator<Sv1ClientEvent, void, undefined> {
    const { id, result, error } = answer;
    const asked = this.#requests.answered(id);
    switch (asked?.kind) {
      case 'share':
        return yield { type: 'verdict', ticket: asked.ticket, verdict: readVerdict(result, error) };
      case 'worker':
        return yield { type: 'worker', username: asked.username, verdict: readAuthorised(result, error) };
      case 'configure':
        return yield* this.#onConfigured(answer);
      case 'subscribe':
        return yield* this.#onSubscribed(answer);
      case 'authorise':
        return yield* this.#onAuthorised(answer);
      case undefined:
        return;
      default:
        return asked satisfies undefined;
    }
  }

  *#onConfigured({ result, error }: Answer): Generator<Sv1ClientEvent, void, undefined> {
    const { versionRolling } = readError(error) === undefined ? readConfigured(result) : {};
    yield* this.#settleMask(versionRolling ? commonMask(versionRolling.mask, this.#options.versionMask) : 0);
  }

  /** subscribing -> authorising, denied */
  *#onSubscribed({ result, error }: Answer): Generator<Sv1ClientEvent, void, undefined> {
    if (this.#state.phase !== 'subscribing') return;
    const subscription = readSubscription(result);
    if (subscription === undefined) {
      return yield this.#deny('subscribe', readError(error) ?? noExtranonce(result));
    }
    this.#state = { phase: 'authorising', subscription };
    this.#terms.extranonce = subscription;
    const { username, password } = this.#options;
    this.#requests.ask({ kind: 'authorise' }, (id) => ({ type: 'authorise', id, username, password }));
    yield { type: 'subscribed', subscription };
    yield* this.#earlyJob();
  }

  /** authorising -> working, denied */
  *#onAuthorised({ result, error }: Answer): Generator<Sv1ClientEvent, void, undefined> {
    if (this.#state.phase !== 'authorising') return;
    const verdict = readAuthorised(result, error);
    if (verdict.kind === 'rejected') return yield this.#deny('authorise', verdict.error);
    const subscription = { ...this.#state.subscription, ...this.#terms.extranonce };
    this.#state = { phase: 'working', subscription };
    const difficulty = this.#options.suggestDifficulty;
    if (difficulty !== undefined) this.#requests.tell((id) => ({ type: 'suggest-difficulty', id, difficulty }));
    this.#requests.tell((id) => ({ type: 'extranonce-subscribe', id }));
    yield { type: 'ready', subscription, versionMask: this.#terms.versionMask };
  }

  /** Before `ready` a mask is told with it. */
  *#settleMask(mask: number): Generator<Sv1ClientEvent, void, undefined> {
    if (mask === this.#terms.versionMask) return;
    this.#terms.versionMask = mask;
    if (this.#state.phase === 'working') yield { type: 'version-mask', mask };
  }

  *#earlyJob(): Generator<Sv1ClientEvent, void, undefined> {
    const job = this.#terms.takeEarly();
    if (job !== undefined) yield { type: 'job', job };
  }

  #onReconnect({ host, port, waitSeconds }: Reconnect): Sv1ClientEvent {
    const options = this.#options;
    const to = host ?? options.host;
    return mayReconnect(to, options)
      ? { type: 'reconnect', host: to, port: port ?? options.port, waitSeconds }
      : { type: 'reconnect-refused', host: to };
  }

  #deny(step: 'subscribe' | 'authorise', error: StratumError): Sv1ClientEvent {
    this.#state = { phase: 'denied' };
    return { type: 'denied', step, error };
  }

  #mustWork(what: string): void {
    if (this.#state.phase !== 'working') throw new Error(`cannot ${what} when ${this.#state.phase}`);
  }
}

/** Bits that rolling should have at least to be of use: BIP310's own example. */
const MIN_BITS = 2;
