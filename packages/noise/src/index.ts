/**
 * The security layer of Stratum V2 (spec §4): handshake, certificates, authority keys and URLs, sealing of frames.
 * Pure and synchronous: random bytes and the time are arguments.
 *
 * @example
 * ```ts
 * import { createEllSwiftKeypair, finishInitiator, parseUrl, Sealer, startInitiator } from '@sv2kit/noise';
 *
 * const { host, port, authority } = parseUrl(
 *   'stratum2+tcp://pool.example:3336/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh',
 * );
 * const random = () => crypto.getRandomValues(new Uint8Array(32));
 * const { act1, state } = startInitiator(createEllSwiftKeypair(random(), random()));
 * console.assert(act1.length === 64); // send it to host:port, read 234 bytes back, then:
 * const shake = (act2: Uint8Array, now: number) => finishInitiator(state, act2, { authority, now });
 * const seal = (sendKey: Uint8Array, frame: Uint8Array) => new Sealer(sendKey).seal(frame);
 * console.assert(host === 'pool.example' && port === 3336 && shake.length === 2 && seal.length === 2);
 * ```
 *
 * @packageDocumentation
 */
export { formatAuthorityKey, parseAuthorityKey } from './authority-key.ts';
export {
  FRAME_HEADER_SIZE,
  MAC_SIZE,
  MAX_BLOCK_PLAINTEXT,
  MAX_BLOCK_SIZE,
  MAX_NONCE,
  MAX_PAYLOAD_SIZE,
  SEALED_HEADER_SIZE,
  sealedFrameSize,
  sealedPayloadSize,
} from './blocks.ts';
export {
  CERTIFICATE_BACKDATE,
  CERTIFICATE_LEEWAY,
  CERTIFICATE_SIZE,
  CERTIFICATE_VERSION,
  type Certificate,
  type CertificateRequest,
  certificateValidity,
  decodeCertificate,
  encodeCertificate,
  issueCertificate,
  MAX_UNIX_SECONDS,
  verifyCertificate,
} from './certificate.ts';
export type { NoiseCrypto } from './crypto.ts';
export { defaultCrypto } from './default-crypto.ts';
export { NOISE_ERRORS, NoiseError, type NoiseErrorCode } from './errors.ts';
export { fastCrypto } from './fast-crypto.ts';
export {
  ACT1_SIZE,
  ACT2_SIZE,
  finishInitiator,
  type InitiatorState,
  respond,
  type ServerIdentity,
  startInitiator,
  type TransportKeys,
  type Trust,
} from './handshake.ts';
export {
  createEllSwiftKeypair,
  decodeEllSwift,
  type EllSwiftKeypair,
  ENCODED_KEY_SIZE,
  encodeEllSwift,
  KEY_SIZE,
  publicKeyOf,
} from './keys.ts';
export { nobleCrypto } from './noble-crypto.ts';
export { Opener } from './opener.ts';
export { Sealer } from './sealer.ts';
export { formatUrl, parseUrl, type StratumUrl } from './url.ts';
