import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  certificateValidity,
  formatAuthorityKey,
  formatUrl,
  issueCertificate,
  publicKeyOf,
  verifyCertificate,
} from '@sv2kit/noise';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  authorityKey,
  ConfigError,
  config,
  createIdentity,
  Health,
  type IdentityConfig,
  identitySection,
  KeyFileError,
  type Logger,
  parseConfig,
  readCertificateFile,
  readSecretFile,
  silentLogger,
  stratumUrl,
  VirtualClock,
  writeCertificateFile,
  writeSecretFile,
} from '../src/index.ts';

const DAY_MS = 86_400_000;
const START_MS = 1_800_000_000_000;
const AUTHORITY_SECRET = new Uint8Array(32).fill(7);
const STATIC_SECRET = new Uint8Array(32).fill(9);
const AUTHORITY = publicKeyOf(AUTHORITY_SECRET);

let folder: string;
let clock: VirtualClock;
let said: string[];
let log: Logger;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sv2kit-identity-'));
  clock = new VirtualClock(START_MS);
  said = [];
  log = {
    ...silentLogger,
    info: (message) => void said.push(message),
    warn: (message, fields) => void said.push(`${message}${fields?.['error'] ? `: ${fields['error']}` : ''}`),
  };
  writeSecretFile(join(folder, 'authority.key'), 'authority-secret', AUTHORITY_SECRET, []);
  writeSecretFile(join(folder, 'pool.key'), 'static-secret', STATIC_SECRET, ['of the pool']);
});

function sign(
  days: number,
  options: { readonly authoritySecret?: Uint8Array; readonly staticSecret?: Uint8Array } = {},
) {
  const authoritySecret = options.authoritySecret ?? AUTHORITY_SECRET;
  const staticPublicKey = publicKeyOf(options.staticSecret ?? STATIC_SECRET);
  const now = clock.now() / 1000;
  const dates = certificateValidity(now, days * 86_400);
  const request = { authoritySecret, staticPublicKey, ...dates, auxRand: new Uint8Array(32) };
  const certificate = issueCertificate(request);
  const authorityPublicKey = publicKeyOf(authoritySecret);
  writeCertificateFile(join(folder, 'pool.cert'), { certificate, staticPublicKey, authorityPublicKey });
}

function settings(given: Partial<Record<keyof IdentityConfig, string>>): IdentityConfig {
  const file = (name?: string) => (name === undefined ? undefined : join(folder, name));
  return {
    staticKeyFile: file(given.staticKeyFile),
    certificateFile: file(given.certificateFile),
    authoritySecretFile: file(given.authoritySecretFile),
    certificateDays: 30,
  };
}
const files = () => settings({ staticKeyFile: 'pool.key', certificateFile: 'pool.cert' });

describe('an identity from a static key and a certificate file (§4.5)', () => {
  test('is what the authority signed', () => {
    sign(30);
    using identity = createIdentity(files(), { clock, log });
    const { staticKey, certificate } = identity.current();
    expect(staticKey.secret).toEqual(STATIC_SECRET);
    expect(identity.authorityPublicKey).toEqual(AUTHORITY);
    verifyCertificate(certificate, publicKeyOf(STATIC_SECRET), AUTHORITY, clock.now() / 1000);
  });

  test('takes up a renewed certificate without a restart', () => {
    sign(10);
    using identity = createIdentity(files(), { clock, log });
    const before = identity.current();
    clock.advance(5 * DAY_MS);
    expect(identity.current().certificate).toEqual(before.certificate);
    sign(10);
    clock.advance(60_000);
    expect(identity.current().certificate.notValidAfter).toBe(before.certificate.notValidAfter + 5 * 86_400);
    expect(identity.current().staticKey).toBe(before.staticKey);
    expect(said).toContain('certificate renewed');
  });

  test('keeps the certificate it has while the file is unusable, and says so once', () => {
    sign(10);
    using identity = createIdentity(files(), { clock, log });
    const before = identity.current();
    writeFileSync(join(folder, 'pool.cert'), 'half a fi');
    clock.advance(300_000);
    expect(identity.current()).toEqual(before);
    expect(said.filter((line) => line.startsWith('the certificate cannot be renewed'))).toHaveLength(1);
  });

  test.each([
    ['the certificate first', ['sign', 'key']],
    ['the key first', ['key', 'sign']],
  ])('takes up a new static key with its certificate, %s', (_order, steps) => {
    sign(10);
    using identity = createIdentity(files(), { clock, log });
    const staticSecret = new Uint8Array(32).fill(3);
    for (const step of steps) {
      expect(identity.current().staticKey.secret).toEqual(STATIC_SECRET);
      if (step === 'sign') {
        sign(20, { staticSecret });
      } else {
        rmSync(join(folder, 'pool.key'));
        writeSecretFile(join(folder, 'pool.key'), 'static-secret', staticSecret, []);
      }
      clock.advance(180_000);
    }
    const { staticKey, certificate } = identity.current();
    expect(staticKey.secret).toEqual(staticSecret);
    verifyCertificate(certificate, publicKeyOf(staticSecret), AUTHORITY, clock.now() / 1000);
    expect(said.filter((line) => line.includes('another static key'))).toHaveLength(steps[0] === 'sign' ? 1 : 0);
  });

  test('refuses to change the authority while it runs', () => {
    sign(10);
    using identity = createIdentity(files(), { clock, log });
    sign(10, { authoritySecret: new Uint8Array(32).fill(8) });
    clock.advance(60_000);
    verifyCertificate(identity.current().certificate, publicKeyOf(STATIC_SECRET), AUTHORITY, clock.now() / 1000);
    expect(said).toContain('the new certificate is of another authority; restart to change it');
  });

  test('keeps a certificate that is good while the file holds one that has expired, and says so once', () => {
    sign(10);
    using identity = createIdentity(files(), { clock, log });
    const before = identity.current();
    sign(-1 / 48); // half an hour ago, and back-dated by an hour
    clock.advance(300_000);
    expect(identity.current()).toEqual(before);
    expect(said.filter((line) => line === 'the new certificate is not valid now: the old one is kept')).toHaveLength(1);
    expect(said).not.toContain('certificate renewed');
  });

  test('warns before the certificate expires and is unhealthy afterwards', () => {
    sign(4);
    const health = new Health(clock);
    using _identity = createIdentity(files(), { clock, log, health });
    health.started();
    clock.advance(2 * DAY_MS);
    expect(said.filter((line) => line === 'the certificate expires within three days')).toHaveLength(1);
    expect(health.report().state).toBe('ok');
    clock.advance(3 * DAY_MS);
    expect(said.filter((line) => line === 'the certificate has expired')).toHaveLength(1);
    expect(health.report().reason).toBe('certificate: the certificate has expired: sign a new one');
  });
});

describe('an identity from the authority key', () => {
  test('issues itself a back-dated certificate and renews it before it expires', () => {
    const config = settings({ authoritySecretFile: 'authority.key', staticKeyFile: 'pool.key' });
    using identity = createIdentity(config, { clock, log });
    const first = identity.current().certificate;
    expect(first.validFrom).toBe(START_MS / 1000 - 3600);
    for (let day = 0; day < 100; day++) {
      clock.advance(DAY_MS);
      const { staticKey, certificate } = identity.current();
      verifyCertificate(certificate, publicKeyOf(staticKey.secret), AUTHORITY, clock.now() / 1000);
    }
    expect(said.filter((line) => line === 'certificate renewed')).toHaveLength(5);
  });

  test('issues itself another certificate when the clock turns out to have been fast', () => {
    let fastMs = 3_650 * DAY_MS;
    const corrected = {
      now: () => clock.now() + fastMs,
      every: clock.every.bind(clock),
      after: clock.after.bind(clock),
    };
    using identity = createIdentity(settings({ authoritySecretFile: 'authority.key' }), { clock: corrected, log });
    fastMs = 0;
    clock.advance(60_000);
    const { staticKey, certificate } = identity.current();
    verifyCertificate(certificate, publicKeyOf(staticKey.secret), AUTHORITY, clock.now() / 1000);
  });

  test('makes a static key of its own when it is given none', () => {
    const config = settings({ authoritySecretFile: 'authority.key' });
    using a = createIdentity(config, { clock, log });
    using b = createIdentity(config, { clock, log });
    expect(a.current().staticKey.secret).not.toEqual(b.current().staticKey.secret);
  });
});

describe('an identity that cannot be used is a configuration error:', () => {
  test.each<[string, Partial<Record<keyof IdentityConfig, string>>, RegExp]>([
    ['nothing given', {}, /identity\.static_key_file: is missing.*for example: static_key_file = "pool\.key"/],
    ['no certificate', { staticKeyFile: 'pool.key' }, /identity\.certificate_file: is missing/],
    ['a missing file', { staticKeyFile: 'no.key', certificateFile: 'pool.cert' }, /no\.key: there is no such file/],
    [
      'keys swapped',
      { staticKeyFile: 'authority.key', certificateFile: 'pool.cert' },
      /holds the authority-secret of something/,
    ],
    ['both ways', { certificateFile: 'pool.cert', authoritySecretFile: 'authority.key' }, /cannot go together/],
  ])('%s', (_name, given, message) => {
    sign(10);
    expect(() => createIdentity(settings(given), { clock, log })).toThrow(ConfigError);
    expect(() => createIdentity(settings(given), { clock, log })).toThrow(message);
  });

  test('a certificate for another static key', () => {
    sign(10, { staticSecret: new Uint8Array(32).fill(3) });
    expect(() => createIdentity(files(), { clock, log })).toThrow(/is for another static key/);
  });

  test('a certificate that was tampered with', () => {
    sign(10);
    const file = join(folder, 'pool.cert');
    const forged = readFileSync(file, 'utf8').replace(/^certificate 0000..../m, 'certificate 0000ffff');
    writeFileSync(file, forged);
    expect(() => createIdentity(files(), { clock, log })).toThrow(/certificate-signature/);
  });
});

describe('key files', () => {
  test('are for their owner only and are never overwritten', () => {
    const file = join(folder, 'pool.key');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(() => writeSecretFile(file, 'static-secret', STATIC_SECRET, [])).toThrow(KeyFileError);
    expect(() => writeSecretFile(file, 'static-secret', STATIC_SECRET, [])).toThrow('exists already');
  });

  test('that others may read are warned about', () => {
    sign(30);
    chmodSync(join(folder, 'pool.key'), 0o644);
    using _identity = createIdentity(files(), { clock, log });
    expect(said).toContain('a secret key can be read by other users of this machine');
  });

  test('never put a secret into an error', () => {
    const secret = 'ab'.repeat(31);
    writeFileSync(join(folder, 'bad.key'), `static-secret ${secret}\n`);
    expect(() => readSecretFile(join(folder, 'bad.key'), 'static-secret')).toThrow(
      new KeyFileError(join(folder, 'bad.key'), 'its static-secret is not 64 hexadecimal digits'),
    );
  });

  test('a certificate file reads back', () => {
    sign(1);
    const { staticPublicKey, authorityPublicKey } = readCertificateFile(join(folder, 'pool.cert'));
    expect([staticPublicKey, authorityPublicKey]).toEqual([publicKeyOf(STATIC_SECRET), AUTHORITY]);
  });
});

test('authority keys and URLs are configuration values (§4.7)', () => {
  const key = formatAuthorityKey(AUTHORITY);
  const url = formatUrl({ host: 'pool.example', port: 34_254, authority: AUTHORITY });
  const declared = config({
    key: authorityKey(key, 'Key.'),
    pool: stratumUrl(url, 'Pool.'),
    identity: identitySection,
  });
  const values = parseConfig(declared, '', { name: 'x' });
  expect(values.key).toEqual(AUTHORITY);
  expect(values.pool).toEqual({ host: 'pool.example', port: 34_254, authority: AUTHORITY });
  expect(() => parseConfig(declared, `key = "${key.slice(1)}"`, { name: 'x' })).toThrow(
    /key: .* cannot be used: bad-authority-key/,
  );
  expect(() => parseConfig(declared, 'pool = "http://x"', { name: 'x' })).toThrow(/pool: .* cannot be used: bad-url/);
});
