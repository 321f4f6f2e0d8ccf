import { NoiseError } from './errors.ts';

/** Bytes of a Poly1305 MAC. */
export const MAC_SIZE = 16;
/** Plaintext bytes of a frame's header (§3.2). */
export const FRAME_HEADER_SIZE = 6;
/** Bytes of a sealed header. */
export const SEALED_HEADER_SIZE = FRAME_HEADER_SIZE + MAC_SIZE;
/** Largest ciphertext of one Noise message (§4.6), MAC included. */
export const MAX_BLOCK_SIZE = 65_535;
/** Largest plaintext of one Noise message. */
export const MAX_BLOCK_PLAINTEXT = MAX_BLOCK_SIZE - MAC_SIZE;
/** Largest payload that a frame's U24 length can announce. */
export const MAX_PAYLOAD_SIZE = 0xff_ffff;

/**
 * A direction of a session ends before its nonce reaches this many messages: the largest count that a number holds
 * exactly, well below Noise's own limit of 2^64-1.
 */
export const MAX_NONCE = Number.MAX_SAFE_INTEGER;

/** Noise blocks that carry a payload of `payloadLength` bytes; an empty payload has none. */
export function blockCount(payloadLength: number): number {
  return Math.ceil(payloadLength / MAX_BLOCK_PLAINTEXT);
}

/** Ciphertext bytes of a payload of `payloadLength` bytes, without the header (§4.6, pt_len_to_ct_len). */
export function sealedPayloadSize(payloadLength: number): number {
  return payloadLength + blockCount(payloadLength) * MAC_SIZE;
}

/** Bytes on the wire of a frame with a payload of `payloadLength` bytes, sealed header included. */
export function sealedFrameSize(payloadLength: number): number {
  return SEALED_HEADER_SIZE + sealedPayloadSize(payloadLength);
}

/** The nonce after `count` more messages; throws NoiseError 'nonce-exhausted' where there is no such nonce. */
export function advance(nonce: number, count: number): number {
  const next = nonce + count;
  if (next > MAX_NONCE) {
    throw new NoiseError('nonce-exhausted', 'this session has sealed as many messages as its key allows', { nonce });
  }
  return next;
}
