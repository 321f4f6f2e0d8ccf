import { readFile } from 'node:fs/promises';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileKernel } from '../scripts/compile-kernel.ts';
import type { Sha256dKernel } from '../src/kernel.ts';
import { nobleKernel } from '../src/noble-kernel.ts';
import { createWasmKernel } from '../src/wasm-kernel.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const out = () => new Uint8Array(32);

function wasmKernel(): Sha256dKernel {
  const kernel = createWasmKernel();
  if (kernel === undefined) throw new Error('this test needs WebAssembly');
  return kernel;
}

describe('the WebAssembly kernel equals noble', () => {
  const wasm = wasmKernel();

  test('on every length around block boundaries', () => {
    for (let length = 0; length < 260; length++) {
      const data = Uint8Array.from({ length }, (_, i) => i * 7 + length);
      expect(wasm.sha256d(data, out())).toEqual(sha256(sha256(data)));
    }
  });

  test('on messages longer than one chunk', () => {
    for (const length of [65_535, 65_536, 65_537, 131_072, 200_001]) {
      const data = Uint8Array.from({ length }, (_, i) => i ^ (i >> 8));
      expect(wasm.sha256d(data, out())).toEqual(sha256(sha256(data)));
    }
  });

  test('on any headers and merkle paths, in any order of calls', () => {
    const leaf = bytes(32);
    const path = fc.integer({ min: 0, max: 20 }).chain((depth) => bytes(depth * 32));
    fc.assert(
      fc.property(fc.array(fc.tuple(bytes(80), leaf, path), { maxLength: 5 }), (calls) => {
        for (const [header, leafHash, pathBytes] of calls) {
          expect(wasm.merkleRoot(leafHash, pathBytes, out())).toEqual(
            nobleKernel.merkleRoot(leafHash, pathBytes, out()),
          );
          expect(wasm.header(header, out())).toEqual(nobleKernel.header(header, out()));
        }
      }),
    );
  });

  test('on shares of several extended jobs that alternate with other calls', () => {
    const job = fc
      .record({
        header: bytes(80),
        before: fc.uint8Array({ maxLength: 300 }),
        after: fc.uint8Array({ maxLength: 300 }),
        depth: fc.integer({ min: 0, max: 14 }),
      })
      .chain(({ header, before, after, depth }) =>
        bytes(depth * 32).map((path) => ({
          header,
          coinbase: Uint8Array.of(...before, ...new Uint8Array(12), ...after),
          extranonceOffset: before.length,
          path,
        })),
      );
    const share = fc.record({
      which: fc.nat({ max: 1 }),
      prefix: bytes(4),
      extranonce: bytes(8),
      point: fc.record({ version: uint32, ntime: uint32, nonce: uint32 }),
      interrupt: fc.option(fc.uint8Array({ maxLength: 200 })),
    });
    fc.assert(
      fc.property(job, job, fc.array(share, { maxLength: 8 }), (first, second, shares) => {
        const copies = structuredClone([first, second]);
        for (const { which, prefix, extranonce, point, interrupt } of shares) {
          if (interrupt !== null) wasm.sha256d(interrupt, out());
          const actual = wasm.extended(which === 0 ? first : second, prefix, extranonce, point, out());
          const copy = copies[which];
          if (copy === undefined) throw new Error('no such job');
          expect(actual).toEqual(nobleKernel.extended(copy, prefix, extranonce, point, out()));
        }
      }),
    );
  });
});

test('the committed kernel is what its source compiles to', async () => {
  const committed = await readFile(new URL('../src/sha256d-wasm.ts', import.meta.url), 'utf8');
  expect(await compileKernel()).toBe(committed);
}, 60_000);
