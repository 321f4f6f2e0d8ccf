import { hashHeader } from '@sv2kit/bitcoin';
import { test } from 'vitest';
import { NonceScanner } from '../src/scanner.ts';

const NONCES = 100_000;

test(`one thread, ${NONCES} hashes of one header on SIMD WebAssembly`, async ({ bench }) => {
  const scanner = new NonceScanner();
  scanner.load(new Uint8Array(80).fill(7), new Uint8Array(32));
  await bench('100,000 hashes', () => void scanner.scan(0, NONCES)).run();
});

test('one hash of a header by @sv2kit/bitcoin, for comparison', async ({ bench }) => {
  const header = new Uint8Array(80).fill(7);
  const out = new Uint8Array(32);
  await bench('hashHeader', () => void hashHeader(header, out)).run();
});
