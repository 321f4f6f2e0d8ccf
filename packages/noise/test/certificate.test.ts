import {
  type Certificate,
  certificateValidity,
  decodeCertificate,
  decodeEllSwift,
  encodeCertificate,
  issueCertificate,
  publicKeyOf,
  verifyCertificate,
} from '@sv2kit/noise';
import { describe, expect, test } from 'vitest';
import { authority, authoritySecret, bytes32, identity, keypair, NOW } from './fixtures.ts';
import { implementations } from './implementations.ts';

const staticPublicKey = decodeEllSwift(keypair(700).encoded);

function issue(validFrom: number, notValidAfter: number): Certificate {
  return issueCertificate({ authoritySecret, staticPublicKey, validFrom, notValidAfter, auxRand: bytes32(1) });
}

const fails = (code: string) => expect.objectContaining({ code });

describe.each(implementations)('a certificate verified by $name', (crypto) => {
  const verify = (certificate: Certificate, now = NOW, key = authority) =>
    verifyCertificate(certificate, staticPublicKey, key, now, undefined, crypto);

  test('is accepted from its authority within its dates (§4.5.3)', () => {
    expect(() => verify(issue(NOW - 1, NOW + 1))).not.toThrow();
  });

  test.each([
    ['on its first second', NOW, NOW + 100],
    ['10 s before its first second', NOW + 10, NOW + 100],
    ['on its last second', NOW - 100, NOW],
    ['10 s after its last second', NOW - 100, NOW - 10],
    ['when it never expires', 0, 0xffff_ffff],
  ])('is accepted %s', (_, from, until) => {
    expect(() => verify(issue(from, until))).not.toThrow();
  });

  test('is not yet valid 11 s before its start, and the error says how slow the clock may be', () => {
    expect(() => verify(issue(NOW + 11, NOW + 100))).toThrow(fails('certificate-not-yet-valid'));
    expect(() => verify(issue(NOW + 5_000, NOW + 10_000))).toThrow(
      "certificate-not-yet-valid: the certificate is valid from 2026-01-01T01:23:20Z, but this machine's clock says " +
        "2026-01-01T00:00:00Z; the clock is probably off: 5000 s slow (or the server's is as much fast)",
    );
  });

  test('has expired 11 s after its end, and the error says how fast the clock may be', () => {
    expect(() => verify(issue(NOW - 100, NOW - 11))).toThrow(fails('certificate-expired'));
    expect(() => verify(issue(NOW - 10_000, NOW - 5_000))).toThrow(
      "certificate-expired: the certificate was valid until 2025-12-31T22:36:40Z, but this machine's clock says " +
        '2026-01-01T00:00:00Z; either the server must renew it, or the clock is off: 5000 s fast',
    );
  });

  test('is refused from another authority before its dates are looked at', () => {
    const other = publicKeyOf(bytes32(2));
    expect(() => verify(issue(NOW - 1, NOW + 1), NOW, other)).toThrow(fails('certificate-signature'));
    expect(() => verify(issue(NOW + 900, NOW + 999), NOW, other)).toThrow(fails('certificate-signature'));
  });

  test('is refused for another static key', () => {
    const certificate = issue(NOW - 1, NOW + 1);
    expect(() => verifyCertificate(certificate, bytes32(5), authority, NOW, 10, crypto)).toThrow(
      fails('certificate-signature'),
    );
  });

  test.each(['validFrom', 'notValidAfter'] as const)('is refused when %s was changed', (field) => {
    const certificate = issue(NOW - 5, NOW + 5);
    expect(() => verify({ ...certificate, [field]: certificate[field] + 1 })).toThrow(fails('certificate-signature'));
  });

  test('is refused under an authority key that is no point', () => {
    expect(() => verify(issue(NOW - 1, NOW + 1), NOW, new Uint8Array(32))).toThrow(fails('certificate-signature'));
  });

  test('is refused in a version that we do not know', () => {
    expect(() => verify({ ...issue(NOW - 1, NOW + 1), version: 1 })).toThrow(fails('certificate-version'));
  });
});

describe('issuing', () => {
  test('back-dates by an hour, so that late clocks accept a fresh certificate', () => {
    expect(certificateValidity(NOW, 60)).toEqual({ validFrom: NOW - 3_600, notValidAfter: NOW + 60 });
    expect(certificateValidity(100, 0xffff_ffff)).toEqual({ validFrom: 0, notValidAfter: 0xffff_ffff });
  });

  test.each([
    ['end before start', 2, 1],
    ['a fraction', 1.5, 2],
    ['a negative time', -1, 2],
    ['a time beyond U32', 1, 0x1_0000_0000],
  ])('refuses %s', (_, from, until) => {
    expect(() => issue(from, until)).toThrow(RangeError);
  });

  test('refuses an authority secret of zero', () => {
    const request = {
      authoritySecret: new Uint8Array(32),
      staticPublicKey,
      validFrom: 0,
      notValidAfter: 1,
      auxRand: bytes32(1),
    };
    expect(() => issueCertificate(request)).toThrow(fails('bad-key'));
  });
});

describe('encoding', () => {
  test('is 74 bytes with little-endian integers (§4.5.2)', () => {
    const { certificate } = identity({ validFrom: 0x01020304, notValidAfter: 0x05060708 });
    const bytes = encodeCertificate(certificate);
    expect(Array.from(bytes.subarray(0, 10))).toEqual([0, 0, 4, 3, 2, 1, 8, 7, 6, 5]);
    expect(bytes.length).toBe(74);
    expect(decodeCertificate(bytes)).toEqual(certificate);
  });

  test('refuses any other length', () => {
    expect(() => decodeCertificate(new Uint8Array(73))).toThrow(fails('bad-length'));
  });
});
