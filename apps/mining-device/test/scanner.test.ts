import { readFile } from 'node:fs/promises';
import { hashHeader, MAX_TARGET, meetsTarget, targetFromBigint } from '@sv2kit/bitcoin';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileScanner } from '../scripts/compile-scanner.ts';
import { NonceScanner } from '../src/scanner.ts';

const header = fc.uint8Array({ minLength: 80, maxLength: 80 });
const nonce = fc.integer({ min: 0, max: 0xffffffff });
/** Met by about one hash in eight to one in a thousand. */
const easyTarget = fc
  .tuple(fc.bigInt({ min: 1n << 254n, max: (1n << 255n) - 1n }), fc.nat({ max: 10 }))
  .map(([value, shift]) => targetFromBigint(value >> BigInt(shift)));

function withNonce(bytes: Uint8Array, value: number): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(76, value, true);
  return copy;
}

describe('the scanner equals the reference hash', () => {
  const scanner = new NonceScanner();

  test('on single hashes of any header', () => {
    fc.assert(
      fc.property(header, nonce, (bytes, value) => {
        scanner.load(bytes, MAX_TARGET);
        expect(scanner.hash(value)).toEqual(hashHeader(withNonce(bytes, value)));
      }),
    );
  });

  test('on which nonces of any stretch meet any target', () => {
    fc.assert(
      fc.property(header, easyTarget, nonce, fc.integer({ min: 1, max: 70 }), (bytes, target, start, count) => {
        scanner.load(bytes, target);
        const { hits, scanned } = scanner.scan(start, count);
        expect(scanned).toBe(Math.min(count, 2 ** 32 - start));
        const expected = Array.from({ length: scanned }, (_, i) => start + i);
        expect(hits).toEqual(expected.filter((value) => meetsTarget(hashHeader(withNonce(bytes, value)), target)));
      }),
    );
  });

  test('exactly at the target and one below it', () => {
    fc.assert(
      fc.property(header, nonce, (bytes, value) => {
        const hash = hashHeader(withNonce(bytes, value));
        const number = hash.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
        scanner.load(bytes, hash);
        expect(scanner.scan(value, 1).hits).toEqual([value]);
        scanner.load(bytes, targetFromBigint(number - 1n));
        expect(scanner.scan(value, 1).hits).toEqual([]);
      }),
    );
  });
});

describe('NonceScanner', () => {
  test('stops where its list of hits is full, and goes on from there without losing one', () => {
    const scanner = new NonceScanner();
    scanner.load(new Uint8Array(80), MAX_TARGET);
    const found: number[] = [];
    for (let at = 0; at < 1000; ) {
      const { hits, scanned } = scanner.scan(at, 1000 - at);
      found.push(...hits);
      at += scanned;
    }
    expect(found).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  test('goes up to the last nonce and not around', () => {
    const scanner = new NonceScanner();
    scanner.load(new Uint8Array(80), MAX_TARGET);
    expect(scanner.scan(0xfffffffe, 100)).toEqual({ hits: [0xfffffffe, 0xffffffff], scanned: 2 });
  });

  test('finds the genesis block', () => {
    const genesis = Buffer.from(
      '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d00000000',
      'hex',
    );
    const scanner = new NonceScanner();
    scanner.load(genesis, targetFromBigint(0xffffn << 208n));
    expect(scanner.scan(2083236893 - 500, 1000).hits).toEqual([2083236893]);
  });
});

test('the committed scanner is what its source compiles to', async () => {
  const committed = await readFile(new URL('../src/scan-wasm.ts', import.meta.url), 'utf8');
  expect(await compileScanner()).toBe(committed);
}, 60_000);
