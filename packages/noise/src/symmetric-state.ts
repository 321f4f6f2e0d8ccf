import type { NoiseCrypto } from './crypto.ts';
import { NoiseError } from './errors.ts';
import { ascii, type EllSwiftKeypair } from './keys.ts';

const PROTOCOL_NAME = ascii('Noise_NX_Secp256k1+EllSwift_ChaChaPoly_SHA256');
const ECDH_TAG = ascii('bip324_ellswift_xonly_ecdh');
const NO_DATA = new Uint8Array(0);

/** h, ck and k of a handshake in progress (§4.4.2). Each key seals one message, so that the nonce is always 0. */
export class SymmetricState {
  readonly #crypto: NoiseCrypto;
  #hash: Uint8Array;
  #chainingKey: Uint8Array;
  #key: Uint8Array = NO_DATA;

  constructor(crypto: NoiseCrypto) {
    this.#crypto = crypto;
    this.#chainingKey = crypto.sha256(PROTOCOL_NAME);
    this.#hash = crypto.sha256(this.#chainingKey);
  }

  mixHash(data: Uint8Array): void {
    this.#hash = this.#crypto.sha256(this.#hash, data);
  }

  /** Act 1 (§4.5.1): the ephemeral key, then an empty payload that no key seals yet. */
  mixAct1(encodedEphemeral: Uint8Array): void {
    this.mixHash(encodedEphemeral);
    this.mixHash(NO_DATA);
  }

  /** Takes `secret` over and zeroes it. */
  mixKey(secret: Uint8Array): void {
    const [chainingKey, key] = this.#crypto.hkdf(this.#chainingKey, secret);
    secret.fill(0);
    this.clear();
    this.#chainingKey = chainingKey;
    this.#key = key;
  }

  sealAndHash(plaintext: Uint8Array): Uint8Array {
    const sealed = this.#crypto.seal(this.#key, this.#hash, plaintext);
    this.mixHash(sealed);
    return sealed;
  }

  openAndHash(sealed: Uint8Array): Uint8Array {
    const plaintext = this.#crypto.open(this.#key, this.#hash, sealed);
    if (plaintext === undefined) {
      throw new NoiseError('bad-mac', 'act 2 was changed on its way, or answers another act 1');
    }
    this.mixHash(sealed);
    return plaintext;
  }

  /** The transport keys: initiator to responder, then responder to initiator. */
  split(): readonly [Uint8Array, Uint8Array] {
    return this.#crypto.hkdf(this.#chainingKey, NO_DATA);
  }

  /** Zeroes the secrets. */
  clear(): void {
    this.#chainingKey.fill(0);
    this.#key.fill(0);
  }
}

/**
 * v2_ecdh of §4.4.2 (BIP324): the x-only shared secret, hashed with both encodings, the initiator's first.
 *
 * @param theirX - what `theirs` decodes to
 */
export function sharedSecret(
  ours: EllSwiftKeypair,
  theirs: Uint8Array,
  theirX: Uint8Array,
  initiator: boolean,
  crypto: NoiseCrypto,
): Uint8Array {
  const tag = crypto.sha256(ECDH_TAG);
  const point = crypto.multiply(theirX, ours.secret);
  const [first, second] = initiator ? [ours.encoded, theirs] : [theirs, ours.encoded];
  const secret = crypto.sha256(tag, tag, first, second, point);
  point.fill(0);
  return secret;
}
