import { formatAuthorityKey, formatUrl, parseAuthorityKey, parseUrl, publicKeyOf } from '@sv2kit/noise';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** §4.7.1 */
const RAW = Uint8Array.of(
  118,
  99,
  112,
  0,
  151,
  156,
  28,
  17,
  175,
  12,
  48,
  11,
  205,
  140,
  127,
  228,
  134,
  16,
  252,
  233,
  185,
  193,
  30,
  61,
  174,
  227,
  90,
  224,
  176,
  138,
  116,
  85,
);
const TEXT = '9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh';

const fails = (code: string) => expect.objectContaining({ code });

describe('an authority key', () => {
  test('is written and read as in the test vector (§4.7.1)', () => {
    expect(formatAuthorityKey(RAW)).toBe(TEXT);
    expect(parseAuthorityKey(TEXT)).toEqual(RAW);
  });

  test('survives being written and read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (secret) => {
        fc.pre(secret.some((byte) => byte !== 0) && secret[0] !== 0xff);
        const key = publicKeyOf(secret);
        expect(parseAuthorityKey(formatAuthorityKey(key))).toEqual(key);
      }),
      { numRuns: 30 },
    );
  });

  test.each([
    ['a mistyped character', TEXT.replace('E', 'F'), /checksum/],
    ['a foreign character', TEXT.replace('E', '0'), /Base58/],
    ['a missing character', TEXT.slice(1), /bytes instead of 38/],
    ['nothing', '', /0 bytes/],
    ['a text without end', '1'.repeat(100_000), /100000 characters/],
    ['another version', 'JBAHPz2mxKdgM8HBhdW2bZpLLBd8uXGnum2FVdm5rH2Kt8nBY8G', /version is 2/],
  ])('is refused: %s', (_, text, reason) => {
    expect(() => parseAuthorityKey(text)).toThrow(reason);
    expect(() => parseAuthorityKey(text)).toThrow(fails('bad-authority-key'));
  });

  test('is refused when it is no point of the curve', () => {
    const text = formatAuthorityKey(new Uint8Array(32));
    expect(() => parseAuthorityKey(text)).toThrow(/not the x coordinate/);
  });
});

describe('a stratum2+tcp URL', () => {
  test.each([
    [`stratum2+tcp://thepool.com:34254/${TEXT}`, { host: 'thepool.com', port: 34254, authority: RAW }],
    [`stratum2+tcp://127.0.0.1:1/${TEXT}`, { host: '127.0.0.1', port: 1, authority: RAW }],
    [`stratum2+tcp://[2001:db8::1]:3333/${TEXT}`, { host: '2001:db8::1', port: 3333, authority: RAW }],
    ['stratum2+tcp://[::1]:65535', { host: '::1', port: 65_535 }],
    ['stratum2+tcp://localhost:3333', { host: 'localhost', port: 3333 }],
  ])('is read and written: %s (§4.7)', (text, url) => {
    expect(parseUrl(text)).toEqual(url);
    expect(formatUrl(url)).toBe(text);
  });

  test('may end in a slash without a key, and its scheme in capitals', () => {
    expect(parseUrl('STRATUM2+TCP://pool.example:3333/')).toEqual({ host: 'pool.example', port: 3333 });
  });

  test.each([
    'stratum+tcp://pool.example:3333',
    'stratum2+tcp://pool.example',
    'stratum2+tcp://:3333',
    'stratum2+tcp://pool.example:0',
    'stratum2+tcp://pool.example:65536',
    'stratum2+tcp://::1:3333',
    'stratum2+tcp://[pool.example]:3333',
    'stratum2+tcp://[1.2.3.4]:3333',
    'stratum2+tcp://user@pool.example:3333',
    'stratum2+tcp://pool.example:3333/a/b',
    'stratum2+tcp://pool.example:3333/?x',
    ' stratum2+tcp://pool.example:3333',
    'stratum2+tcp://pool example:3333',
    '',
  ])('is refused with an example of right: %s', (text) => {
    expect(() => parseUrl(text)).toThrow(fails('bad-url'));
    expect(() => parseUrl(text)).toThrow(/stratum2\+tcp:\/\/pool\.example:3336/);
  });

  test('is refused for its key', () => {
    expect(() => parseUrl(`stratum2+tcp://pool.example:3333/${TEXT}x`)).toThrow(fails('bad-authority-key'));
  });
});
