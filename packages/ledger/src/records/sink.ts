/** Where records are written: a buffer with room enough, checked before. All numbers little-endian. */
export class Sink {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  offset: number;

  constructor(buffer: ArrayBuffer, offset: number) {
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.offset = offset;
  }
}

/** Thrown when a record's body does not hold what its declaration says. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
}

/** The body of one record, read from front to back. */
export class Source {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    // A Buffer's slice() would not copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** A copy. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.slice(start, start + length);
  }

  #take(length: number): number {
    const start = this.#offset;
    if (length > this.left) throw new RecordError(`${length} bytes wanted, ${this.left} left`);
    this.#offset += length;
    return start;
  }
}
