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
export { NoiseError, type NoiseErrorCode } from './errors.ts';
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
