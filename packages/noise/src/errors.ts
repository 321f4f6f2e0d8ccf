/** What went wrong, for programs; each code is explained in docs/ERRORS.md. */
export type NoiseErrorCode =
  | 'bad-authority-key'
  | 'bad-key'
  | 'bad-length'
  | 'bad-mac'
  | 'bad-url'
  | 'certificate-expired'
  | 'certificate-not-yet-valid'
  | 'certificate-signature'
  | 'certificate-version'
  | 'frame-too-large'
  | 'handshake-order'
  | 'nonce-exhausted';

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
