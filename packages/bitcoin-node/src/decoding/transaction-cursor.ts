/** Walks transactions that follow each other, as in a block behind its header and their number. Throws a RangeError where the bytes end early. */
export class TransactionCursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset: number;

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = offset;
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** A CompactSize. */
  count(): number {
    const first = this.#view.getUint8(this.#skip(1));
    if (first < 0xfd) return first;
    if (first === 0xfd) return this.#view.getUint16(this.#skip(2), true);
    if (first === 0xfe) return this.#view.getUint32(this.#skip(4), true);
    return Number(this.#view.getBigUint64(this.#skip(8), true));
  }

  /** The next transaction, with its witness; a view, not a copy. */
  transaction(): Uint8Array {
    const start = this.#skip(4);
    const isSegwit = this.#bytes[this.#offset] === 0;
    if (isSegwit) this.#skip(2);
    const inputs = this.count();
    for (let index = 0; index < inputs; index += 1) {
      this.#skip(36);
      this.#skip(this.count());
      this.#skip(4);
    }
    const outputs = this.count();
    for (let index = 0; index < outputs; index += 1) {
      this.#skip(8);
      this.#skip(this.count());
    }
    for (let index = isSegwit ? inputs : 0; index > 0; index -= 1) this.#witness();
    this.#skip(4);
    return this.#bytes.subarray(start, this.#offset);
  }

  #witness(): void {
    const items = this.count();
    for (let index = 0; index < items; index += 1) this.#skip(this.count());
  }

  /** @returns the offset before the skipped bytes */
  #skip(length: number): number {
    const start = this.#offset;
    if (length > this.#bytes.length - start) throw new RangeError('it ends inside a transaction');
    this.#offset = start + length;
    return start;
  }
}
