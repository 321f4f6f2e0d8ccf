import {
  certificateValidity,
  createEllSwiftKeypair,
  decodeEllSwift,
  type EllSwiftKeypair,
  finishInitiator,
  issueCertificate,
  type NoiseCrypto,
  nobleCrypto,
  publicKeyOf,
  respond,
  type ServerIdentity,
  startInitiator,
} from '@sv2kit/noise';

/** 2026-01-01T00:00:00Z */
export const NOW = 1_767_225_600;

/** 32 bytes that differ with the seed; a valid secret. */
export function bytes32(seed: number): Uint8Array {
  return nobleCrypto.sha256(Uint8Array.of(seed & 0xff, seed >>> 8));
}

export function keypair(seed: number, crypto?: NoiseCrypto): EllSwiftKeypair {
  return createEllSwiftKeypair(bytes32(seed), bytes32(seed + 1), crypto);
}

export const authoritySecret: Uint8Array = bytes32(900);
export const authority: Uint8Array = publicKeyOf(authoritySecret);

export function identity(dates = certificateValidity(NOW, 86_400)): ServerIdentity {
  const staticKey = keypair(700);
  const staticPublicKey = decodeEllSwift(staticKey.encoded);
  const certificate = issueCertificate({ authoritySecret, staticPublicKey, ...dates, auxRand: bytes32(1) });
  return { staticKey, certificate };
}

/** Both sides of a good handshake. */
export function shakeHands(initiatorCrypto?: NoiseCrypto, responderCrypto?: NoiseCrypto) {
  const { act1, state } = startInitiator(keypair(300));
  const server = respond(act1, keypair(400), identity(), responderCrypto);
  const client = finishInitiator(state, server.act2, { authority, now: NOW }, initiatorCrypto);
  return { client, server };
}
