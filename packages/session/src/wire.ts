import { HEADER_SIZE } from '@sv2kit/codec';
import { Opener, SEALED_HEADER_SIZE, Sealer, sealedPayloadSize, type TransportKeys } from '@sv2kit/noise';

/** How frames look on the wire: sealed (§4.6), or as they are on a local network (§4). */
export interface Wire {
  /** Bytes of a header on the wire. */
  readonly headerSize: number;
  /** Bytes on the wire of a payload of `length` bytes. */
  payloadSize(length: number): number;
  /** The six bytes of a header. */
  openHeader(bytes: Uint8Array): Uint8Array;
  /** The payload; in plain mode a view onto `bytes`. */
  openPayload(bytes: Uint8Array): Uint8Array;
  /** Writes a whole plaintext frame at `offset` of `target`, which has room and does not overlap it. */
  write(frame: Uint8Array, target: Uint8Array, offset: number): void;
}

/** §3.2 without §4: only for peers on the same machine or local network. */
export const plainWire: Wire = {
  headerSize: HEADER_SIZE,
  payloadSize: (length) => length,
  openHeader: (bytes) => bytes,
  openPayload: (bytes) => bytes,
  write: (frame, target, offset) => target.set(frame, offset),
};

/** §4.6: header and payload sealed under the keys of a finished handshake. */
export class SealedWire implements Wire {
  readonly headerSize = SEALED_HEADER_SIZE;
  readonly #sealer: Sealer;
  readonly #opener: Opener;

  constructor(keys: TransportKeys) {
    this.#sealer = new Sealer(keys.sendKey);
    this.#opener = new Opener(keys.receiveKey);
  }

  payloadSize(length: number): number {
    return sealedPayloadSize(length);
  }

  openHeader(bytes: Uint8Array): Uint8Array {
    return this.#opener.openHeader(bytes);
  }

  openPayload(bytes: Uint8Array): Uint8Array {
    return this.#opener.openPayload(bytes);
  }

  write(frame: Uint8Array, target: Uint8Array, offset: number): void {
    this.#sealer.sealInto(frame, target, offset);
  }
}
