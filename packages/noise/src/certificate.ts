import type { NoiseCrypto } from './crypto.ts';
import { defaultCrypto } from './default-crypto.ts';
import { NoiseError } from './errors.ts';
import { KEY_SIZE, requireLength, requireSecret } from './keys.ts';

/** Bytes of an encoded certificate. */
export const CERTIFICATE_SIZE = 74;
/** The certificate format that this package issues and accepts. */
export const CERTIFICATE_VERSION = 0;
/** Seconds that a clock may be off before a certificate's dates are held against it. */
export const CERTIFICATE_LEEWAY = 10;
/** Seconds before now from which a certificate should be valid: devices without network time run late. */
export const CERTIFICATE_BACKDATE = 3_600;
/** The last second that a certificate can name. */
export const MAX_UNIX_SECONDS = 0xffff_ffff;

const SIGNED_SIZE = 10;

/**
 * What a server shows to prove that its authority vouches for its static key: SIGNATURE_NOISE_MESSAGE of §4.5.2.
 * Times are unix seconds, both ends included.
 */
export interface Certificate {
  readonly version: number;
  readonly validFrom: number;
  readonly notValidAfter: number;
  /** BIP340 signature, 64 bytes. */
  readonly signature: Uint8Array;
}

export interface CertificateRequest {
  /** 32 bytes; needed only here, so that it can stay offline. */
  readonly authoritySecret: Uint8Array;
  /** x-only, 32 bytes: what `decodeEllSwift` gives for the server's encoded key. */
  readonly staticPublicKey: Uint8Array;
  /** Unix seconds; see `certificateValidity`. */
  readonly validFrom: number;
  /** Unix seconds. */
  readonly notValidAfter: number;
  /** 32 random bytes for the signature (BIP340). */
  readonly auxRand: Uint8Array;
}

/** Dates for a new certificate: back-dated by an hour, valid for `lifetime` seconds from now. */
export function certificateValidity(
  now: number,
  lifetime: number,
): { readonly validFrom: number; readonly notValidAfter: number } {
  return {
    validFrom: Math.max(0, now - CERTIFICATE_BACKDATE),
    notValidAfter: Math.min(MAX_UNIX_SECONDS, now + lifetime),
  };
}

/**
 * Signs a server's static key (§4.5.3).
 *
 * @throws NoiseError 'bad-key' when the authority's secret is out of range; RangeError for impossible dates
 */
export function issueCertificate(request: CertificateRequest, crypto: NoiseCrypto = defaultCrypto): Certificate {
  const { authoritySecret, staticPublicKey, validFrom, notValidAfter, auxRand } = request;
  requireSecret(authoritySecret, crypto);
  requireLength('static public key', staticPublicKey, KEY_SIZE);
  requireLength('auxiliary randomness', auxRand, 32);
  if (!isUnixSeconds(validFrom) || !isUnixSeconds(notValidAfter) || validFrom > notValidAfter) {
    throw new RangeError(`a certificate cannot be valid from ${validFrom} to ${notValidAfter}`);
  }
  const unsigned = { version: CERTIFICATE_VERSION, validFrom, notValidAfter, signature: new Uint8Array(64) };
  const message = signedHash(encodeCertificate(unsigned), staticPublicKey, crypto);
  return { ...unsigned, signature: crypto.sign(message, authoritySecret, auxRand) };
}

/**
 * Accepts a certificate or throws (§4.5.3). The signature is judged before the dates, so that a message about the
 * clock is only ever given for a genuine certificate.
 *
 * @param now - unix seconds
 * @param leeway - seconds that the dates are stretched at both ends
 * @throws NoiseError 'certificate-version', 'certificate-signature', 'certificate-not-yet-valid' or
 * 'certificate-expired'
 */
export function verifyCertificate(
  certificate: Certificate,
  staticPublicKey: Uint8Array,
  authorityPublicKey: Uint8Array,
  now: number,
  leeway: number = CERTIFICATE_LEEWAY,
  crypto: NoiseCrypto = defaultCrypto,
): void {
  requireLength('static public key', staticPublicKey, KEY_SIZE);
  requireLength('authority public key', authorityPublicKey, KEY_SIZE);
  if (!Number.isFinite(now)) throw new RangeError(`now is ${now}`);
  const { version, signature } = certificate;
  if (version !== CERTIFICATE_VERSION) {
    throw new NoiseError('certificate-version', `version ${version} is unknown, ${CERTIFICATE_VERSION} is known`, {
      version,
    });
  }
  const message = signedHash(encodeCertificate(certificate), staticPublicKey, crypto);
  if (!crypto.verify(signature, message, authorityPublicKey)) {
    throw new NoiseError('certificate-signature', 'the server is not vouched for by the configured authority key');
  }
  requireDates(certificate, now, leeway);
}

function requireDates({ validFrom, notValidAfter }: Certificate, now: number, leeway: number): void {
  const details = { validFrom, notValidAfter, now, leeway };
  if (now < validFrom - leeway) {
    const seconds = Math.ceil(validFrom - now);
    throw new NoiseError(
      'certificate-not-yet-valid',
      `the certificate is valid from ${timestamp(validFrom)}, but this machine's clock says ${timestamp(now)}; ` +
        `the clock is probably off: ${seconds} s slow (or the server's is as much fast)`,
      { ...details, clockOffBy: seconds },
    );
  }
  if (now > notValidAfter + leeway) {
    const seconds = Math.ceil(now - notValidAfter);
    throw new NoiseError(
      'certificate-expired',
      `the certificate was valid until ${timestamp(notValidAfter)}, but this machine's clock says ` +
        `${timestamp(now)}; either the server must renew it, or the clock is off: ${seconds} s fast`,
      { ...details, clockOffBy: seconds },
    );
  }
}

/** 74 bytes as they travel: version U16, valid_from U32, not_valid_after U32 (little-endian), signature. */
export function encodeCertificate(certificate: Certificate): Uint8Array {
  requireLength('signature', certificate.signature, 64);
  const bytes = new Uint8Array(CERTIFICATE_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, certificate.version, true);
  view.setUint32(2, certificate.validFrom, true);
  view.setUint32(6, certificate.notValidAfter, true);
  bytes.set(certificate.signature, SIGNED_SIZE);
  return bytes;
}

/**
 * The reverse of `encodeCertificate`; says nothing about whether the certificate is good.
 *
 * @throws NoiseError 'bad-length' when there are not 74 bytes
 */
export function decodeCertificate(bytes: Uint8Array): Certificate {
  requireLength('certificate', bytes, CERTIFICATE_SIZE);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    version: view.getUint16(0, true),
    validFrom: view.getUint32(2, true),
    notValidAfter: view.getUint32(6, true),
    signature: bytes.slice(SIGNED_SIZE),
  };
}

/** m of §4.5.3.1: SHA-256(version || valid_from || not_valid_after || server_public_key). */
function signedHash(encoded: Uint8Array, staticPublicKey: Uint8Array, crypto: NoiseCrypto): Uint8Array {
  return crypto.sha256(encoded.subarray(0, SIGNED_SIZE), staticPublicKey);
}

function isUnixSeconds(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_UNIX_SECONDS;
}

function timestamp(seconds: number): string {
  const milliseconds = Math.floor(seconds) * 1_000;
  return Math.abs(milliseconds) <= 8.64e15 ? new Date(milliseconds).toISOString().replace('.000Z', 'Z') : `${seconds}`;
}
