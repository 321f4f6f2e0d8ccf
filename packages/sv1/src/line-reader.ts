import { Sv1Error } from './errors.ts';
import { type LineLimits, MINER_LINE_LIMITS } from './limits.ts';

const LF = 0x0a;
const CR = 0x0d;
const EMPTY = new Uint8Array(0);

/**
 * Cuts a byte stream into lines that end in LF or CRLF, wherever packets are split. Blank lines are skipped.
 *
 * @example
 * ```ts
 * for (const line of reader.receive(chunk)) handle(readLine(line, limits));
 * ```
 */
export class LineReader {
  readonly #cap: number;
  #rest: Uint8Array = EMPTY;
  #length = 0;

  constructor(limits: Pick<LineLimits, 'line'> = MINER_LINE_LIMITS) {
    this.#cap = limits.line;
  }

  /** Bytes of a line whose end has not come yet. */
  get buffered(): number {
    return this.#length;
  }

  /**
   * @returns the lines that `chunk` completes, without their ends; views that hold until the next call
   * @throws {@link Sv1Error} `line-too-long` behind the last good line
   */
  *receive(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LF, start);
      if (end === -1) break;
      const line = this.#complete(chunk.subarray(start, end));
      start = end + 1;
      if (line.length > 0) yield line;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  #complete(tail: Uint8Array): Uint8Array {
    if (this.#length === 0) {
      this.#check(tail.length);
      return withoutCr(tail);
    }
    this.#keep(tail);
    const line = this.#rest.subarray(0, this.#length);
    this.#rest = EMPTY;
    this.#length = 0;
    return withoutCr(line);
  }

  #keep(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    this.#check(length);
    if (length > this.#rest.length) {
      const grown = new Uint8Array(Math.min(this.#cap, Math.max(length, 2 * this.#rest.length)));
      grown.set(this.#rest.subarray(0, this.#length));
      this.#rest = grown;
    }
    this.#rest.set(bytes, this.#length);
    this.#length = length;
  }

  #check(length: number): void {
    if (length > this.#cap) throw new Sv1Error('line-too-long', { bytes: length, allowed: this.#cap });
  }
}

function withoutCr(line: Uint8Array): Uint8Array {
  return line[line.length - 1] === CR ? line.subarray(0, -1) : line;
}
