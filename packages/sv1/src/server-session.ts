import { difficultyFromTarget } from '@sv2kit/bitcoin';
import { fromUtf8 } from '@sv2kit/codec';
import { writeSubscription } from './answers.ts';
import { readDifficulty } from './difficulty.ts';
import { type Id, type Json, type Line, NO_ID, readLine, writeError, writeResult } from './envelope.ts';
import { Sv1Error, type StratumError, stratumError } from './errors.ts';
import { LineReader } from './line-reader.ts';
import { type LineTap, tapLines } from './line-tap.ts';
import { type LineLimits, MINER_LINE_LIMITS, SV1_LIMITS, type Sv1Limits } from './limits.ts';
import { MinerDesk, VERSION_ID } from './miner-desk.ts';
import { type Authorise, type MinerRequest, readMinerRequest, type Submit, type Subscribe } from './miner-requests.ts';
import { readPassword, splitUsername } from './names.ts';
import { writePoolMessage } from './pool-messages.ts';
import type { Answerable, Sv1ServerEvent } from './server-events.ts';
import { readUsualSubmit } from './usual-submit.ts';

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
export class Sv1ServerSession extends MinerDesk {
  readonly #reader: LineReader;
  readonly #lines: LineLimits;
  readonly #limits: Sv1Limits;
  #userAgent = '';
  #malformed = 0;
  #tap: LineTap | undefined;

  constructor({ lines = MINER_LINE_LIMITS, limits = SV1_LIMITS }: ServerSessionOptions = {}) {
    super(limits);
    this.#lines = lines;
    this.#limits = limits;
    this.#reader = new LineReader(lines);
  }

  /** What the miner says it is, often wrong; empty when it does not say. */
  get userAgent(): string {
    return this.#userAgent;
  }

  /**
   * Takes bytes of the miner, however they are cut. To be read to its end: what is left of the chunk is lost otherwise.
   *
   * @throws {@link Sv1Error}, and nothing else whatever the bytes are
   */
  *receive(chunk: Uint8Array): Generator<Sv1ServerEvent, void, undefined> {
    for (const bytes of this.#reader.receive(chunk)) {
      if (this.#tap !== undefined) tapLines(this.#tap, 'received', bytes);
      // A usual submit is within these limits, but not within any.
      const submit = this.#lines === MINER_LINE_LIMITS ? readUsualSubmit(fromUtf8(bytes)) : undefined;
      const event = submit === undefined ? this.#onLine(readLine(bytes, this.#lines)) : this.#onUsualSubmit(submit);
      if (event !== undefined) yield event;
    }
  }

  override drain(): Uint8Array | undefined {
    const bytes = super.drain();
    if (this.#tap !== undefined && bytes !== undefined) tapLines(this.#tap, 'sent', bytes);
    return bytes;
  }

  /** Tells `listener` of all lines from now on, to either side; nobody any more when there is none. */
  tap(listener: LineTap | undefined): void {
    this.#tap = listener;
  }

  #onUsualSubmit(submit: Submit): Sv1ServerEvent {
    this.#malformed = 0;
    return this.#onSubmit(submit);
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
        this.takesExtranonce = true;
        this.#reply(request.id, writeResult(request.id, true));
        return { type: 'extranonce-subscribed' };
      case 'suggest-difficulty':
        return this.#onSuggestion(request.id, request.difficulty);
      case 'suggest-target':
        return this.#onSuggestion(request.id, request.target && readDifficulty(difficultyFromTarget(request.target)));
      case 'multi-version':
        // Firmware that gets an error here reconnects for ever.
        this.#reply(request.id, writeResult(request.id, true));
        return undefined;
      case 'get-transactions':
        return this.#no(request.id, 'mining.get_transactions', stratumError('other', 'Not available'));
      case 'ping':
        this.outbox.add(
          request.id === NO_ID ? writePoolMessage({ type: 'pong', id: NO_ID }) : writeResult(request.id, 'pong'),
        );
        return undefined;
      case 'pong':
        return undefined;
      case 'unknown':
        this.#reply(request.id, writeError(request.id, stratumError('other', 'Unknown method')));
        return { type: 'unknown', method: request.method };
      case 'invalid':
        return this.#no(request.id, request.method, stratumError('other', `Invalid ${request.problem}`));
      default:
        return request satisfies never;
    }
  }

  #onSubscribe(request: Subscribe): Sv1ServerEvent | undefined {
    const { subscribing } = this;
    if (subscribing.kind === 'given') {
      this.outbox.add(writeSubscription(request.id, subscribing.subscription));
      return undefined;
    }
    if (subscribing.kind === 'asked') {
      if (subscribing.also.length >= this.#limits.unansweredRequests) {
        throw new Sv1Error('too-many-unanswered', { requests: subscribing.also.length });
      }
      subscribing.also.push(request.id);
      return undefined;
    }
    this.subscribing = { kind: 'asked', also: [] };
    this.#userAgent = request.userAgent;
    return this.#want({ type: 'subscribe', request });
  }

  #onAuthorise(request: Authorise): Sv1ServerEvent | undefined {
    if (this.isAuthorised(request.username)) {
      this.outbox.add(writeResult(request.id, true));
      return undefined;
    }
    if (!this.workers.ask(request.username)) {
      return this.#no(request.id, 'mining.authorize', stratumError('unauthorised', 'Too many workers'));
    }
    const identity = splitUsername(request.username);
    return this.#want({ type: 'authorise', request, identity, password: readPassword(request.password) });
  }

  #onSubmit(request: Submit): Sv1ServerEvent {
    if (this.subscribing.kind !== 'given') return this.#no(request.id, 'mining.submit', stratumError('notSubscribed'));
    if (!this.isAuthorised(request.username)) {
      return this.#no(request.id, 'mining.submit', stratumError('unauthorised'));
    }
    return this.#want({ type: 'submit', request });
  }

  #onSuggestion(id: Id, difficulty: number | undefined): Sv1ServerEvent | undefined {
    this.#reply(id, writeResult(id, true));
    return difficulty === undefined ? undefined : { type: 'suggestion', difficulty };
  }

  /** Without an id there is no answer: some firmware suggests so and takes the next line for the answer to its subscribe. */
  #reply(id: Id, line: string): void {
    if (id !== NO_ID) this.outbox.add(line);
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
    this.outbox.add(writeError(line.id, stratumError('other', `Malformed request: ${line.reason}`)));
    return { type: 'malformed', reason: line.reason };
  }

  #want<E extends Extract<Sv1ServerEvent, { readonly request: Answerable }>>(event: E): E {
    this.unanswered.add(event.request);
    return event;
  }

  #no(id: Id, method: string, error: StratumError): Sv1ServerEvent {
    this.outbox.add(writeError(id, error));
    return { type: 'refused', method, error };
  }
}
