import { HEADER_SIZE, readHeader } from '@sv2kit/codec';
import { Opener, SEALED_HEADER_SIZE, sealedPayloadSize } from '@sv2kit/noise';

/** Sealed bytes of one direction -> plaintext frames (header and payload), each in memory of its own. */
export class FrameStream {
  readonly #opener: Opener;
  #pending: Uint8Array = new Uint8Array();
  #header: Uint8Array | undefined;

  constructor(key: Uint8Array) {
    this.#opener = new Opener(key);
  }

  /** @throws NoiseError when a MAC is wrong */
  *receive(chunk: Uint8Array): Generator<Uint8Array> {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (;;) {
      this.#header ??= this.#take(SEALED_HEADER_SIZE, (sealed) => this.#opener.openHeader(sealed));
      if (this.#header === undefined) return;
      const { length } = readHeader(this.#header);
      const payload = this.#take(sealedPayloadSize(length), (sealed) => this.#opener.openPayload(sealed));
      if (payload === undefined) return;
      const frame = new Uint8Array(HEADER_SIZE + length);
      frame.set(this.#header);
      frame.set(payload, HEADER_SIZE);
      this.#header = undefined;
      yield frame;
    }
  }

  #take(size: number, open: (sealed: Uint8Array) => Uint8Array): Uint8Array | undefined {
    if (size === 0) return new Uint8Array();
    if (this.#pending.length < size) return undefined;
    const sealed = this.#pending.subarray(0, size);
    this.#pending = this.#pending.subarray(size);
    return open(sealed);
  }
}
