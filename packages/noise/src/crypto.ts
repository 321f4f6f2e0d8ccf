/**
 * The cryptographic operations that this package needs, as a seam: two implementations exist and a differential test
 * holds them together.
 *
 * All functions are synchronous and pure. Curve coordinates and secrets are 32 bytes big-endian, as in BIP340.
 * Callers have checked lengths; the curve operations check ranges.
 */
export interface NoiseCrypto {
  readonly name: string;

  /** SHA-256 of the concatenated parts. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array;

  /** HKDF of §4.4.2, two outputs of 32 bytes: zero-length info, `chainingKey` as salt, `input` of at most 32 bytes. */
  hkdf(chainingKey: Uint8Array, input: Uint8Array): readonly [Uint8Array, Uint8Array];

  /** Whether `secret` is in 1..n-1. */
  isSecret(secret: Uint8Array): boolean;

  /** Whether `x` is below p and the x coordinate of a point of secp256k1. */
  isPublicKey(x: Uint8Array): boolean;

  /** The x coordinate of `secret`·G. The secret is in range. */
  publicKey(secret: Uint8Array): Uint8Array;

  /** The x coordinate of `secret`·P where P is either point with the valid coordinate `x`. The secret is in range. */
  multiply(x: Uint8Array, secret: Uint8Array): Uint8Array;

  /** XSwiftEC of BIP324: the x coordinate that a 64-byte encoding stands for. Total: defined for any 64 bytes. */
  decodeEllSwift(encoded: Uint8Array): Uint8Array;

  /**
   * XSwiftECInv of BIP324: `t` such that (`u`, `t`) decodes to `x`, or undefined where this case has none.
   *
   * @param variant - the BIP's `case`, 0..7
   */
  invertEllSwift(x: Uint8Array, u: Uint8Array, variant: number): Uint8Array | undefined;

  /** BIP340 signature (64 bytes) over a 32-byte message with 32 bytes of auxiliary randomness. */
  sign(message: Uint8Array, secret: Uint8Array, auxRand: Uint8Array): Uint8Array;

  /** Whether `signature` is a BIP340 signature of the 32-byte `message` under `publicKey`; false for a bad key too. */
  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;

  /** ChaCha20-Poly1305 with nonce 0: ciphertext followed by the 16-byte MAC. */
  seal(key: Uint8Array, associated: Uint8Array, plaintext: Uint8Array): Uint8Array;

  /** The reverse of `seal`, or undefined when the MAC does not match. */
  open(key: Uint8Array, associated: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;

  /**
   * Seals a whole frame (§4.6): the 6-byte header as one block under `nonce`, then the payload in blocks of up to
   * 65,519 bytes under the following nonces, no associated data. Writes to `target` at `offset`; the two arrays do not
   * overlap and there is room.
   */
  sealFrame(key: Uint8Array, nonce: number, frame: Uint8Array, target: Uint8Array, offset: number): void;

  /**
   * Opens consecutive blocks that hold `plaintextLength` bytes, from `sealed` at `offset`, the first under `nonce`.
   * A header is such a block of 6 bytes. Writes to `target` from its start.
   *
   * @returns false when a MAC does not match; the content of `target` is then meaningless but holds no plaintext of
   * the block that failed.
   */
  openBlocks(
    key: Uint8Array,
    nonce: number,
    sealed: Uint8Array,
    offset: number,
    plaintextLength: number,
    target: Uint8Array,
  ): boolean;
}
