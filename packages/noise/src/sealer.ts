import { advance, blockCount, FRAME_HEADER_SIZE, MAX_PAYLOAD_SIZE, sealedFrameSize } from './blocks.ts';
import type { NoiseCrypto } from './crypto.ts';
import { defaultCrypto } from './default-crypto.ts';
import { NoiseError } from './errors.ts';
import { requireTransportKey } from './keys.ts';

/** The sending direction of a session (§4.6): seals frames in the order in which they are to be read. */
export class Sealer {
  readonly #crypto: NoiseCrypto;
  readonly #key: Uint8Array;
  #nonce = 0;

  /**
   * @param key - 32 bytes, copied
   * @throws NoiseError 'bad-length', or 'bad-key' when all bytes are zero
   */
  constructor(key: Uint8Array, crypto: NoiseCrypto = defaultCrypto) {
    requireTransportKey(key);
    this.#key = key.slice();
    this.#crypto = crypto;
  }

  /** Bytes on the wire of a frame with `payloadLength` payload bytes. */
  sealedSize(payloadLength: number): number {
    return sealedFrameSize(payloadLength);
  }

  /**
   * Seals a plaintext frame, 6-byte header and payload, into fresh bytes.
   *
   * @throws NoiseError 'frame-too-large', or 'nonce-exhausted'
   */
  seal(frame: Uint8Array): Uint8Array {
    const target = new Uint8Array(sealedFrameSize(Math.max(0, frame.length - FRAME_HEADER_SIZE)));
    this.sealInto(frame, target, 0);
    return target;
  }

  /**
   * The same into `target` at `offset`, which has room for `sealedSize(payload)` bytes and does not overlap `frame`.
   *
   * @returns the number of bytes written
   */
  sealInto(frame: Uint8Array, target: Uint8Array, offset: number): number {
    const payloadLength = frame.length - FRAME_HEADER_SIZE;
    if (payloadLength < 0) throw new RangeError(`a frame has at least a header, this one ${frame.length} bytes`);
    if (payloadLength > MAX_PAYLOAD_SIZE) {
      throw new NoiseError('frame-too-large', `a frame cannot announce ${payloadLength} bytes`, { payloadLength });
    }
    const size = sealedFrameSize(payloadLength);
    if (offset < 0 || offset + size > target.length) throw new RangeError(`no room for ${size} bytes at ${offset}`);
    const nonce = this.#nonce;
    this.#nonce = advance(nonce, 1 + blockCount(payloadLength));
    this.#crypto.sealFrame(this.#key, nonce, frame, target, offset);
    return size;
  }

  /** Zeroes the key; nothing can be sealed afterwards that the peer would accept. */
  destroy(): void {
    this.#key.fill(0);
    this.#nonce = Number.POSITIVE_INFINITY;
  }
}
