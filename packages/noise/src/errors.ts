/** What can go wrong with a secured connection, a key, a certificate or a URL. */
export const NOISE_ERRORS = {
  'bad-authority-key': 'The text is no authority key: Base58Check of 01 00 and 32 bytes (§4.7).',
  'bad-key': 'A key is zero, not below the order of the group, on no curve point, or was used before.',
  'bad-length':
    'A key, an act of the handshake or a certificate has another number of bytes than the protocol gives it.',
  'bad-mac':
    'Bytes were changed, repeated or left out on their way, or the peers disagree on the keys; the session is over.',
  'bad-url': 'The text is no URL of the form stratum2+tcp://host:port/KEY (§4.7).',
  'certificate-expired': "The certificate's last day is over by more than the leeway, or the clock is off (§4.5.3).",
  'certificate-not-yet-valid':
    'The certificate is not valid yet by more than the leeway, or the clock is off (§4.5.3).',
  'certificate-signature':
    'The certificate was not signed by the authority that is trusted, or not for this key (§4.5.3).',
  'certificate-version': 'The certificate has a version other than 0 (§4.5.3).',
  'frame-too-large': 'The payload is longer than a frame can announce: 16,777,215 bytes (§3.2).',
  'handshake-order': 'An act of the handshake was used out of turn (§4.5).',
  'nonce-exhausted': 'One direction has sealed or opened 2^53 blocks; the connection must be made anew (§4.4.1).',
} as const;
export type NoiseErrorCode = keyof typeof NOISE_ERRORS;

/**
 * A secured connection cannot be set up or go on (§4): the host ends it.
 *
 * `code` is stable and `details` carries the figures; `message` is for people and, for a certificate outside its
 * dates, says how far the clock may be off.
 */
export class NoiseError extends Error {
  override readonly name: string = 'NoiseError';
  readonly code: NoiseErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: NoiseErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(`${code}: ${message}`);
    this.code = code;
    this.details = details;
  }
}
