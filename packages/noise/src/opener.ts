import {
  advance,
  blockCount,
  FRAME_HEADER_SIZE,
  MAC_SIZE,
  MAX_BLOCK_PLAINTEXT,
  MAX_BLOCK_SIZE,
  SEALED_HEADER_SIZE,
  sealedPayloadSize,
} from './blocks.ts';
import type { NoiseCrypto } from './crypto.ts';
import { defaultCrypto } from './default-crypto.ts';
import { NoiseError } from './errors.ts';
import { requireTransportKey } from './keys.ts';

/**
 * The receiving direction of a session (§4.6). The first MAC that does not match ends it for good: the key is zeroed
 * and every later call throws.
 */
export class Opener {
  readonly #crypto: NoiseCrypto;
  readonly #key: Uint8Array;
  #nonce = 0;
  #ended = false;

  /**
   * @param key - 32 bytes, copied
   * @throws NoiseError 'bad-length', or 'bad-key' when all bytes are zero
   */
  constructor(key: Uint8Array, crypto: NoiseCrypto = defaultCrypto) {
    requireTransportKey(key);
    this.#key = key.slice();
    this.#crypto = crypto;
  }

  /** Ciphertext bytes that follow the header of a frame with `payloadLength` payload bytes. */
  sealedPayloadSize(payloadLength: number): number {
    return sealedPayloadSize(payloadLength);
  }

  /**
   * Opens the 22 bytes of a sealed header.
   *
   * @returns the 6 bytes of the header
   * @throws NoiseError 'bad-mac'
   */
  openHeader(sealed: Uint8Array, offset = 0): Uint8Array {
    if (offset < 0 || offset + SEALED_HEADER_SIZE > sealed.length) {
      throw new RangeError(`no sealed header at ${offset} of ${sealed.length} bytes`);
    }
    return this.#open(sealed, offset, FRAME_HEADER_SIZE);
  }

  /**
   * Opens all blocks of a payload.
   *
   * @param sealed - `sealedPayloadSize(payloadLength)` bytes at `offset`
   * @param payloadLength - as the header says; by default all of `sealed` from `offset` on is the payload
   * @returns the payload in fresh bytes
   * @throws NoiseError 'bad-mac'
   */
  openPayload(sealed: Uint8Array, offset = 0, payloadLength = payloadSize(sealed.length - offset)): Uint8Array {
    if (offset < 0 || payloadLength < 0 || offset + sealedPayloadSize(payloadLength) > sealed.length) {
      throw new RangeError(`no sealed payload of ${payloadLength} bytes at ${offset} of ${sealed.length} bytes`);
    }
    return this.#open(sealed, offset, payloadLength);
  }

  /** Zeroes the key; every later call throws. */
  destroy(): void {
    this.#ended = true;
    this.#key.fill(0);
  }

  #open(sealed: Uint8Array, offset: number, length: number): Uint8Array {
    if (this.#ended) throw new NoiseError('bad-mac', 'this session has ended');
    const nonce = this.#nonce;
    this.#nonce = advance(nonce, blockCount(length));
    const plaintext = new Uint8Array(length);
    if (!this.#crypto.openBlocks(this.#key, nonce, sealed, offset, length, plaintext)) {
      plaintext.fill(0);
      this.destroy();
      throw new NoiseError('bad-mac', 'bytes were changed on their way, or came out of order', { nonce });
    }
    return plaintext;
  }
}

/** The payload length whose blocks take `sealedSize` bytes, or -1. */
function payloadSize(sealedSize: number): number {
  const full = Math.floor(sealedSize / MAX_BLOCK_SIZE);
  const rest = sealedSize - full * MAX_BLOCK_SIZE;
  if (rest === 0) return full * MAX_BLOCK_PLAINTEXT;
  return rest > MAC_SIZE ? full * MAX_BLOCK_PLAINTEXT + rest - MAC_SIZE : -1;
}
