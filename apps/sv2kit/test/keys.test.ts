import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCertificateFile, readSecretFile } from '@sv2kit/daemon';
import { parseAuthorityKey, publicKeyOf, verifyCertificate } from '@sv2kit/noise';
import { beforeEach, describe, expect, test } from 'vitest';
import { call, NOW_MS, temporaryDirectory } from './scene.ts';

const NOW = NOW_MS / 1000;
let folder: string;
const at = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = temporaryDirectory();
});

describe('keys new', () => {
  test('makes an authority key for its owner only and prints its public key (§4.7)', async () => {
    const { code, out } = await call(['keys', 'new', at('authority.key')]);
    expect(code).toBe(0);
    expect(statSync(at('authority.key')).mode & 0o777).toBe(0o600);
    expect(parseAuthorityKey(out.trim())).toEqual(publicKeyOf(readSecretFile(at('authority.key'), 'authority-secret')));
  });

  test('makes a static key and prints its public key in hexadecimal', async () => {
    const { out } = await call(['keys', 'new', '--static', at('pool.key')]);
    expect(Uint8Array.from(Buffer.from(out.trim(), 'hex'))).toEqual(
      publicKeyOf(readSecretFile(at('pool.key'), 'static-secret')),
    );
  });

  test('never overwrites', async () => {
    await call(['keys', 'new', at('authority.key')]);
    const before = readFileSync(at('authority.key'), 'utf8');
    const { code, out, error } = await call(['keys', 'new', at('authority.key')]);
    expect([code, out, error]).toEqual([
      1,
      '',
      `sv2kit keys: ${at('authority.key')}: exists already and is not overwritten\n`,
    ]);
    expect(readFileSync(at('authority.key'), 'utf8')).toBe(before);
  });

  test('makes another key each time', async () => {
    const [a, b] = [await call(['keys', 'new', at('a')]), await call(['keys', 'new', at('b')])];
    expect(a.out).not.toBe(b.out);
  });
});

describe('keys sign', () => {
  beforeEach(async () => {
    await call(['keys', 'new', at('authority.key')]);
    await call(['keys', 'new', '--static', at('pool.key')]);
  });

  test('issues a back-dated certificate that the authority vouches for (§4.5)', async () => {
    const argv = [
      'keys',
      'sign',
      '--authority',
      at('authority.key'),
      '--static',
      at('pool.key'),
      '--out',
      at('pool.cert'),
    ];
    const { code, out } = await call([...argv, '--days', '30']);
    expect([code, out]).toEqual([0, `${at('pool.cert')}: valid until 2026-09-19T12:00:00Z\n`]);
    const { certificate, staticPublicKey, authorityPublicKey } = readCertificateFile(at('pool.cert'));
    expect(certificate.validFrom).toBe(NOW - 3600);
    expect(authorityPublicKey).toEqual(publicKeyOf(readSecretFile(at('authority.key'), 'authority-secret')));
    verifyCertificate(certificate, staticPublicKey, authorityPublicKey, NOW);
    await call([...argv, '--days', '60']);
    expect(readCertificateFile(at('pool.cert')).certificate.notValidAfter).toBe(NOW + 60 * 86_400);
  });

  test('takes the public key alone, so that the static secret never leaves its machine', async () => {
    const shown = await call(['keys', 'show', at('pool.key')]);
    const publicKey = /public key {2}([0-9a-f]{64})/.exec(shown.out)?.[1] ?? '';
    const { code, out } = await call(['keys', 'sign', '-a', at('authority.key'), '-s', publicKey]);
    expect(code).toBe(0);
    writeFileSync(at('pool.cert'), out);
    expect(Buffer.from(readCertificateFile(at('pool.cert')).staticPublicKey).toString('hex')).toBe(publicKey);
  });

  test.each([
    [['--static', 'x'], 2, '--authority FILE is missing'],
    [['--authority', 'x'], 2, '--static FILE|HEX is missing'],
    [['--authority', 'x', '--static', 'y', '--days', 'soon'], 2, '--days soon is not a number of days'],
    [['--authority', '/no/authority.key', '--static', 'y'], 1, '/no/authority.key: there is no such file or folder'],
  ])('with %j ends with %i', async (argv, code, message) => {
    const result = await call(['keys', 'sign', ...argv]);
    expect(result.code).toBe(code);
    expect(result.error).toContain(message);
  });

  test('does not sign with a static key', async () => {
    const result = await call(['keys', 'sign', '-a', at('pool.key'), '-s', at('pool.key')]);
    expect(result).toMatchObject({ code: 1, error: expect.stringContaining('holds the static-secret of something') });
  });
});

describe('keys show', () => {
  test('shows public sides and never a secret', async () => {
    await call(['keys', 'new', at('authority.key')]);
    const secret = Buffer.from(readSecretFile(at('authority.key'), 'authority-secret')).toString('hex');
    const { out } = await call(['keys', 'show', at('authority.key')]);
    expect(out).toMatch(/^authority key\n {2}public key {2}9[1-9A-Za-z]{50,51}\n$/);
    expect(out).not.toContain(secret);
  });

  test('judges a certificate, and fails when it is not good', async () => {
    await call(['keys', 'new', at('authority.key')]);
    await call(['keys', 'new', '--static', at('pool.key')]);
    await call(['keys', 'sign', '-a', at('authority.key'), '-s', at('pool.key'), '-o', at('pool.cert')]);
    const good = await call(['keys', 'show', at('pool.cert')]);
    expect([good.code, good.out]).toEqual([0, expect.stringContaining('verdict     good')]);
    const forged = readFileSync(at('pool.cert'), 'utf8').replace(/(?<=^certificate .{12})../m, '00');
    writeFileSync(at('forged.cert'), forged);
    const bad = await call(['keys', 'show', at('forged.cert')]);
    expect([bad.code, bad.out]).toEqual([1, expect.stringContaining('verdict     certificate-signature')]);
  });

  test('says so when a file is something else', async () => {
    writeFileSync(at('x'), 'hello');
    expect((await call(['keys', 'show', at('x')])).error).toContain('is neither a key nor a certificate');
    expect((await call(['keys', 'show', at('y')])).error).toContain('cannot be read');
  });
});
