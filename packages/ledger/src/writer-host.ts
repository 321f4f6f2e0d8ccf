import type { Clock } from './clock.ts';
import { LEDGER_LIMITS } from './limits.ts';

/** A buffer and how much of it is one batch. */
export interface FilledBuffer {
  readonly buffer: ArrayBuffer;
  readonly used: number;
}

/** What the writer tells the journal. */
export interface WriterEvents {
  /** Everything up to `watermark` is on disk; the buffers may be used again. */
  written(watermark: number, buffers: readonly ArrayBuffer[]): void;
  /** Writing failed; the batches are kept and tried again when `retrying`. */
  failed(reason: string, retrying: boolean): void;
}

/** Where batches go: a thread, or this one in tests. One call of `write` at a time. */
export interface WriterHost {
  /** Takes the buffers over; answered by `written`, maybe after some `failed`. */
  write(buffers: readonly FilledBuffer[]): void;
  /** Stops without writing anything more. */
  close(): Promise<void>;
}

/** The batch in a buffer. */
export function batchIn({ buffer, used }: FilledBuffer): Uint8Array {
  return new Uint8Array(buffer, 0, used);
}

/** Tries to write, again and again after failures, until it has. */
export class Persistence {
  readonly #attempt: (buffers: readonly FilledBuffer[]) => number;
  readonly #events: WriterEvents;
  readonly #clock: Pick<Clock, 'after'>;
  #timer: Disposable | undefined;

  constructor(
    attempt: (buffers: readonly FilledBuffer[]) => number,
    events: WriterEvents,
    clock: Pick<Clock, 'after'>,
  ) {
    this.#attempt = attempt;
    this.#events = events;
    this.#clock = clock;
  }

  write(buffers: readonly FilledBuffer[]): void {
    let watermark: number;
    try {
      watermark = this.#attempt(buffers);
    } catch (error) {
      this.#timer = this.#clock.after(LEDGER_LIMITS.retryMs, () => this.write(buffers));
      this.#events.failed(describe(error), true);
      return;
    }
    this.#events.written(
      watermark,
      buffers.map(({ buffer }) => buffer),
    );
  }

  stop(): void {
    this.#timer?.[Symbol.dispose]();
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EIO: 'the disk reports an input/output error',
  EACCES: 'this user may not write there',
};

function describe(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = REASONS[code];
  return reason === undefined ? String(error) : `${reason} (${code})`;
}
