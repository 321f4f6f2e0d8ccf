import { Arena, ARENA_BYTES } from './arena.ts';
import type { Clock } from './clock.ts';
import { LedgerError } from './errors.ts';
import { BATCH_HEADER_SIZE } from './format.ts';
import type { Logger } from './logger.ts';
import { recordSize } from './records/encode.ts';
import type { JournalRecord } from './records/records.ts';
import type { FilledBuffer, WriterEvents, WriterHost } from './writer-host.ts';

/** What `append` returns while the journal takes nothing: a position that the watermark never reaches. */
export const NOT_RECORDED = Number.POSITIVE_INFINITY;

/** Whether the journal can be relied on. */
export type JournalState =
  | { readonly kind: 'ok' }
  /** The disk is too slow: more than the limit waits for it. Ends by itself when half of that is written. */
  | { readonly kind: 'behind'; readonly reason: string }
  /** Writing fails. Ends by itself when a later attempt works, unless `retrying` is false. */
  | { readonly kind: 'failed'; readonly reason: string; readonly retrying: boolean };

export interface JournalSettings {
  readonly bootEpoch: number;
  readonly nextPosition: number;
  readonly syncIntervalMs: number;
  readonly maxPendingBytes: number;
  readonly clock: Clock;
  readonly log: Logger;
}

const OK: JournalState = { kind: 'ok' };
const SPARE_BUFFERS = 8;
/** A write that is later than this, because a turn of the event loop takes so long, does not wait for its end. */
const LATE_MS = 5;

/** The next write. */
interface Scheduled {
  readonly dueMs: number;
  cancel(): void;
}
interface Waiter {
  readonly position: number;
  readonly resolve: () => void;
  readonly reject: (error: LedgerError) => void;
}

/** The append-only journal of one process; see `openJournal`. */
export class Journal {
  /** Larger than that of every earlier run of this journal; part of every extranonce prefix. */
  readonly bootEpoch: number;
  readonly #settings: JournalSettings;
  readonly #writer: WriterHost;
  readonly #release: () => void;
  readonly #spares: ArrayBuffer[] = [];
  readonly #watermarkListeners: ((watermark: number) => void)[] = [];
  readonly #stateListeners: ((state: JournalState) => void)[] = [];
  #waiters: Waiter[] = [];
  #full: FilledBuffer[] = [];
  #arena: Arena;
  #position: number;
  #watermark: number;
  #state: JournalState = OK;
  /** Bytes appended whose sync is not yet known. */
  #pendingBytes = 0;
  #inFlightBytes = 0;
  #writing = false;
  #scheduled: Scheduled | undefined;
  #lastWriteMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(settings: JournalSettings, startWriter: (events: WriterEvents) => WriterHost, release: () => void) {
    this.#settings = settings;
    this.bootEpoch = settings.bootEpoch;
    this.#position = settings.nextPosition - 1;
    this.#watermark = this.#position;
    this.#arena = new Arena(new ArrayBuffer(ARENA_BYTES), settings.nextPosition);
    this.#release = release;
    this.#writer = startWriter({
      written: (watermark, buffers) => this.#onWritten(watermark, buffers),
      failed: (reason, retrying) => this.#onFailed(reason, retrying),
    });
  }

  /** Every record up to this position is on disk and survives a crash. */
  get watermark(): number {
    return this.#watermark;
  }

  /** Position of the record appended last. */
  get position(): number {
    return this.#position;
  }

  get state(): JournalState {
    return this.#state;
  }

  /** Bytes that wait for the disk. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Calls `listener` each time the watermark has risen. */
  onWatermark(listener: (watermark: number) => void): void {
    this.#watermarkListeners.push(listener);
  }

  /** Calls `listener` each time the state has changed. */
  onState(listener: (state: JournalState) => void): void {
    this.#stateListeners.push(listener);
  }

  /**
   * Takes a record over and returns its position; it is on disk once `watermark` has reached that. Does not wait.
   * While `state` is not ok nothing is taken: the answer is `NOT_RECORDED`, which no watermark reaches, so that
   * nobody is told that it was kept. Ask for `state` before accepting what must be recorded.
   */
  append(record: JournalRecord): number {
    if (this.#state.kind !== 'ok' || this.#closed) return NOT_RECORDED;
    const size = recordSize(record);
    const { maxPendingBytes } = this.#settings;
    if (this.#pendingBytes > 0 && this.#pendingBytes + size > maxPendingBytes) {
      this.#setState({ kind: 'behind', reason: `the disk is too slow: ${this.#pendingBytes} bytes wait for it` });
      return NOT_RECORDED;
    }
    if (!this.#arena.hasRoom(size)) this.#nextArena(size);
    this.#arena.add(record);
    this.#pendingBytes += size;
    this.#position += 1;
    this.#schedule();
    return this.#position;
  }

  /**
   * Resolves when everything appended so far is on disk.
   *
   * @throws LedgerError 'ledger-failed' when writing fails meanwhile
   */
  flush(): Promise<void> {
    if (this.#watermark >= this.#position) return Promise.resolve();
    if (this.#state.kind === 'failed') return Promise.reject(failure(this.#state.reason));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiters.push({ position: this.#position, resolve, reject });
    this.#startWrite();
    return promise;
  }

  /**
   * Flushes, then ends the writer and frees the directory.
   *
   * @throws LedgerError 'ledger-failed' when the last records could not be written; everything is closed even so
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    const flushed = this.flush();
    this.#closed = true;
    try {
      await flushed;
    } finally {
      await this.#writer.close();
      this.#release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #nextArena(size: number): void {
    if (!this.#arena.isEmpty) this.#full.push(this.#arena.finish());
    const large = size + BATCH_HEADER_SIZE > ARENA_BYTES;
    const buffer = large ? new ArrayBuffer(size + BATCH_HEADER_SIZE) : this.#spares.pop();
    this.#arena = new Arena(buffer ?? new ArrayBuffer(ARENA_BYTES), this.#position + 1);
  }

  /**
   * A batch holds what one turn of the event loop appends; while one is being synced, the next fills. A turn in which
   * thousands of sockets are read may last for seconds: then it is not waited for.
   */
  #schedule(): void {
    if (this.#writing) return;
    const { clock, syncIntervalMs } = this.#settings;
    const nowMs = clock.now();
    if (this.#scheduled !== undefined) {
      if (nowMs - this.#scheduled.dueMs >= LATE_MS) this.#startWrite();
      return;
    }
    const sinceLastMs = nowMs - this.#lastWriteMs;
    const waitMs = syncIntervalMs - sinceLastMs;
    const start = (): void => this.#startWrite();
    if (waitMs > 0 && sinceLastMs >= 0) {
      const timer = clock.after(waitMs, start);
      this.#scheduled = { dueMs: nowMs + waitMs, cancel: () => timer[Symbol.dispose]() };
    } else {
      const immediate = setImmediate(start);
      this.#scheduled = { dueMs: nowMs, cancel: () => clearImmediate(immediate) };
    }
  }

  #startWrite(): void {
    this.#scheduled?.cancel();
    this.#scheduled = undefined;
    if (this.#writing || this.#watermark >= this.#position) return;
    if (!this.#arena.isEmpty) this.#nextArena(0);
    const buffers = this.#full;
    this.#full = [];
    this.#writing = true;
    this.#inFlightBytes = this.#pendingBytes;
    this.#lastWriteMs = this.#settings.clock.now();
    this.#writer.write(buffers);
  }

  #onWritten(watermark: number, buffers: readonly ArrayBuffer[]): void {
    this.#writing = false;
    this.#pendingBytes -= this.#inFlightBytes;
    this.#inFlightBytes = 0;
    this.#watermark = watermark;
    for (const buffer of buffers) {
      if (buffer.byteLength === ARENA_BYTES && this.#spares.length < SPARE_BUFFERS) this.#spares.push(buffer);
    }
    this.#settleState();
    if (this.#watermark < this.#position) {
      if (this.#waiters.length > 0) this.#startWrite();
      else this.#schedule();
    }
    for (const listener of this.#watermarkListeners) listener(watermark);
    const done = this.#waiters.filter(({ position }) => position <= watermark);
    this.#waiters = this.#waiters.filter(({ position }) => position > watermark);
    for (const { resolve } of done) resolve();
  }

  #settleState(): void {
    const half = this.#settings.maxPendingBytes / 2;
    if (this.#state.kind === 'failed' && this.#state.retrying) this.#setState(OK);
    if (this.#state.kind === 'behind' && this.#pendingBytes <= half) this.#setState(OK);
  }

  #onFailed(reason: string, retrying: boolean): void {
    if (this.#state.kind === 'failed' && this.#state.reason === reason && this.#state.retrying === retrying) return;
    this.#setState({ kind: 'failed', reason, retrying });
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { reject } of waiters) reject(failure(reason));
  }

  #setState(state: JournalState): void {
    this.#state = state;
    const { log } = this.#settings;
    if (state.kind === 'ok') log.info('the ledger writes again');
    else log.error('the ledger takes no records', { state: state.kind, reason: state.reason });
    for (const listener of this.#stateListeners) listener(state);
  }
}

function failure(reason: string): LedgerError {
  return new LedgerError('ledger-failed', `records could not be written: ${reason}`, { reason });
}
