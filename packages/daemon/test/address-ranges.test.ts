import { describe, expect, test } from 'vitest';
import { addressRanges, config, parseConfig } from '../src/index.ts';

const declared = config({ exempt: addressRanges(['127.0.0.0/8'], 'Exempt.') });
const read = (...given: readonly string[]) =>
  parseConfig(declared, `exempt = ${JSON.stringify(given)}`, { name: 'x' }).exempt;

describe('a list of addresses and subnets', () => {
  test('is read as it stands', () => {
    const given = ['10.0.0.1', '10.0.0.0/8', '0.0.0.0/0', '2001:db8::1', '2001:db8::/32', '::/0', '::1/128'];
    expect(read(...given)).toEqual(given);
    expect(read()).toEqual([]);
    expect(parseConfig(declared, '', { name: 'x' }).exempt).toEqual(['127.0.0.0/8']);
  });

  test.each([
    ['pool.example', /at \[1\]: "pool.example" is no IP address and no subnet, say 10\.0\.0\.0\/8/],
    ['10.0.0.0/33', /"10.0.0.0\/33" has no prefix between \/0 and \/32/],
    ['2001:db8::/129', /has no prefix between \/0 and \/128/],
    ['10.0.0.0/', /has no prefix/],
    ['10.0.0.0/8/8', /is no IP address/],
    ['fe80::1%eth0', /is no IP address/],
    ['10.0.0', /is no IP address/],
  ])('%s is refused, by its place in the list', (wrong, message) => {
    expect(() => read('10.0.0.1', wrong)).toThrow(message);
  });

  test('says all that is wrong with it, and shows no empty list for an example', () => {
    expect(() => read('10.0.0.0/33', '::1', 'localhost')).toThrow(
      'at [0]: "10.0.0.0/33" has no prefix between /0 and /32; ' +
        'at [2]: "localhost" is no IP address and no subnet, say 10.0.0.0/8; for example: exempt = ["127.0.0.0/8"]',
    );
    const empty = config({ allow: addressRanges([], 'Allowed.') });
    expect(() => parseConfig(empty, 'allow = ["x"]', { name: 'x' })).toThrow(/say 10\.0\.0\.0\/8$/);
  });
});
