import { MAC_SIZE } from './blocks.ts';
import { concat } from './bytes.ts';
import {
  CERTIFICATE_SIZE,
  type Certificate,
  decodeCertificate,
  encodeCertificate,
  verifyCertificate,
} from './certificate.ts';
import type { NoiseCrypto } from './crypto.ts';
import { defaultCrypto } from './default-crypto.ts';
import { NoiseError } from './errors.ts';
import { type EllSwiftKeypair, ENCODED_KEY_SIZE, requireLength, requireSecret } from './keys.ts';
import { SymmetricState, sharedSecret } from './symmetric-state.ts';

/** Bytes of act 1: the initiator's ephemeral key. */
export const ACT1_SIZE = ENCODED_KEY_SIZE;

const SEALED_KEY_SIZE = ENCODED_KEY_SIZE + MAC_SIZE;
const SEALED_CERTIFICATE_SIZE = CERTIFICATE_SIZE + MAC_SIZE;

/** Bytes of act 2: ephemeral key, sealed static key, sealed certificate (the spec's text says 170). */
export const ACT2_SIZE = ENCODED_KEY_SIZE + SEALED_KEY_SIZE + SEALED_CERTIFICATE_SIZE;

/** The two keys that a finished handshake leaves to one side, 32 bytes each. */
export interface TransportKeys {
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
}

/**
 * What a server role holds: its static key and the certificate that its authority signed for it. Replaced as a whole
 * to renew it; the authority's secret is not needed.
 */
export interface ServerIdentity {
  readonly staticKey: EllSwiftKeypair;
  readonly certificate: Certificate;
}

/** An initiator between its two acts: plain data that can be posted to a worker. */
export interface InitiatorState {
  phase: 'awaiting-act-2' | 'finished';
  readonly ephemeral: EllSwiftKeypair;
}

/** How an initiator judges the server. */
export interface Trust {
  /** The authority's x-only key, 32 bytes. Without it nobody vouches for the server and its certificate is not read. */
  readonly authority?: Uint8Array | undefined;
  /** Unix seconds. */
  readonly now: number;
  /** Seconds by which the clock may be off; 10 by default. */
  readonly leeway?: number;
}

/**
 * Initiator, act 1 (§4.5.1.1): the 64 bytes to send first.
 *
 * @param ephemeral - a fresh key, which the state takes over: it serves one handshake and is then zeroed
 */
export function startInitiator(ephemeral: EllSwiftKeypair): {
  readonly act1: Uint8Array;
  readonly state: InitiatorState;
} {
  requireLength('ephemeral key', ephemeral.encoded, ENCODED_KEY_SIZE);
  return { act1: ephemeral.encoded.slice(), state: { phase: 'awaiting-act-2', ephemeral } };
}

/**
 * Initiator, act 2 (§4.5.2.2, §4.5.3): checks the server's answer and yields the transport keys.
 * awaiting-act-2 -> finished, whatever the outcome: the ephemeral secret is zeroed.
 *
 * @param act2 - 234 bytes
 * @returns the keys and `serverKey`, the server's static key, x-only
 * @throws NoiseError 'bad-length', 'bad-mac', 'certificate-…', or 'handshake-order' when the state was used already
 */
export function finishInitiator(
  state: InitiatorState,
  act2: Uint8Array,
  trust: Trust,
  crypto: NoiseCrypto = defaultCrypto,
): TransportKeys & { readonly serverKey: Uint8Array } {
  if (state.phase !== 'awaiting-act-2') {
    throw new NoiseError('handshake-order', 'this handshake has seen its act 2 already', { phase: state.phase });
  }
  state.phase = 'finished';
  const { ephemeral } = state;
  const noise = new SymmetricState(crypto);
  try {
    requireSecret(ephemeral.secret, crypto);
    requireLength('act 2', act2, ACT2_SIZE);
    noise.mixAct1(ephemeral.encoded);
    const remoteEphemeral = act2.subarray(0, ENCODED_KEY_SIZE);
    noise.mixHash(remoteEphemeral);
    noise.mixKey(sharedSecret(ephemeral, remoteEphemeral, crypto.decodeEllSwift(remoteEphemeral), true, crypto));
    const remoteStatic = noise.openAndHash(act2.subarray(ENCODED_KEY_SIZE, ENCODED_KEY_SIZE + SEALED_KEY_SIZE));
    const serverKey = crypto.decodeEllSwift(remoteStatic);
    noise.mixKey(sharedSecret(ephemeral, remoteStatic, serverKey, true, crypto));
    const certificate = noise.openAndHash(act2.subarray(ENCODED_KEY_SIZE + SEALED_KEY_SIZE));
    if (trust.authority !== undefined) {
      const { authority, now, leeway } = trust;
      verifyCertificate(decodeCertificate(certificate), serverKey, authority, now, leeway, crypto);
    }
    const [sendKey, receiveKey] = noise.split();
    return { sendKey, receiveKey, serverKey };
  } finally {
    noise.clear();
    ephemeral.secret.fill(0);
  }
}

/**
 * Responder, both acts (§4.5.1.2, §4.5.2.1): the heavy step of a server's handshake. Arguments and result are plain
 * data, so that a worker can run it.
 *
 * @param act1 - 64 bytes; any 64 bytes are a key
 * @param ephemeral - a fresh key, taken over: its secret is zeroed, a second use is refused with 'bad-key'
 * @throws NoiseError 'bad-length' or 'bad-key'
 */
export function respond(
  act1: Uint8Array,
  ephemeral: EllSwiftKeypair,
  identity: ServerIdentity,
  crypto: NoiseCrypto = defaultCrypto,
): TransportKeys & { readonly act2: Uint8Array } {
  const { staticKey, certificate } = identity;
  requireLength('act 1', act1, ACT1_SIZE);
  requireLength('ephemeral key', ephemeral.encoded, ENCODED_KEY_SIZE);
  requireLength('static key', staticKey.encoded, ENCODED_KEY_SIZE);
  requireSecret(ephemeral.secret, crypto);
  requireSecret(staticKey.secret, crypto);
  const noise = new SymmetricState(crypto);
  try {
    noise.mixAct1(act1);
    noise.mixHash(ephemeral.encoded);
    const remoteX = crypto.decodeEllSwift(act1);
    noise.mixKey(sharedSecret(ephemeral, act1, remoteX, false, crypto));
    const sealedStatic = noise.sealAndHash(staticKey.encoded);
    noise.mixKey(sharedSecret(staticKey, act1, remoteX, false, crypto));
    const sealedCertificate = noise.sealAndHash(encodeCertificate(certificate));
    const [receiveKey, sendKey] = noise.split();
    return { act2: concat(ephemeral.encoded, sealedStatic, sealedCertificate), sendKey, receiveKey };
  } finally {
    noise.clear();
    ephemeral.secret.fill(0);
  }
}
