import { describe, expect, test } from 'vitest';
import { anyStratumUrl, config, parseConfig, stratum1Url, stratumUrl } from '../src/index.ts';

const declared = config({
  v1: stratum1Url('stratum+tcp://pool.example:3333', 'V1.'),
  v2: stratumUrl('stratum2+tcp://pool.example:3336', 'V2.'),
  any: anyStratumUrl('stratum+tcp://pool.example:3333', 'Any.'),
});
const read = (key: 'v1' | 'v2' | 'any', given: string) =>
  parseConfig(declared, `${key} = "${given}"`, { name: 'x' })[key];

describe('a Stratum V1 URL', () => {
  test.each([
    ['stratum+tcp://pool.example:3333', { host: 'pool.example', port: 3333, tls: false }],
    ['stratum+tcp://pool.example', { host: 'pool.example', port: 3333, tls: false }],
    ['Stratum+TCP://10.0.0.1:25/', { host: '10.0.0.1', port: 25, tls: false }],
    ['stratum+ssl://pool.example:443', { host: 'pool.example', port: 443, tls: true }],
    ['stratum+tls://[2001:db8::1]:443', { host: '2001:db8::1', port: 443, tls: true }],
  ])('%s is read', (given, want) => {
    expect(read('v1', given)).toEqual(want);
    expect(read('any', given)).toEqual({ version: 1, ...want });
  });

  test.each([
    ['stratum2+tcp://pool.example:3336', /is a Stratum V2 URL; a Stratum V1 pool's begins with stratum\+tcp/],
    ['http://pool.example', /does not begin with stratum\+tcp:\/\/, or stratum\+ssl:\/\/ for TLS/],
    ['pool.example:3333', /does not begin with stratum\+tcp/],
    ['constructor://pool.example:3333', /does not begin with stratum\+tcp/],
    ['stratum+tcp://alice.rig:x@pool.example:3333', /holds a user, which has a key of its own/],
    ['stratum+tcp://pool.example:0', /has the port 0/],
    ['stratum+tcp://pool.example:65536', /has the port 65536/],
    ['stratum+tcp://2001:db8::1', /is not stratum\+tcp:\/\/host:port \(IPv6 in brackets\)/],
    ['stratum+tcp://', /is not stratum\+tcp:\/\/host:port/],
  ])('%s is refused, and what is right is said', (given, wrong) => {
    expect(() => read('v1', given)).toThrow(wrong);
  });
});

test('a Stratum V1 URL where a Stratum V2 one is wanted is told apart', () => {
  const wrong = /v2: .* is a Stratum V1 URL; a Stratum V2 server's begins with stratum2\+tcp:\/\//;
  for (const scheme of ['stratum+tcp', 'stratum+ssl'])
    expect(() => read('v2', `${scheme}://pool.example:3333`)).toThrow(wrong);
});

test('either version is read by its scheme (§4.7)', () => {
  expect(read('any', 'stratum2+tcp://pool.example:3336')).toEqual({ version: 2, host: 'pool.example', port: 3336 });
  expect(() => read('any', 'http://x')).toThrow(/neither with stratum2\+tcp:\/\/ \(Stratum V2\) nor with stratum\+tcp/);
  expect(() => read('any', 'stratum2+tcp://x')).toThrow(/cannot be used: bad-url/);
});
