import { readFile } from 'node:fs/promises';
import { poly1305 } from '@noble/ciphers/_poly1305.js';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { compile, KERNEL_FILE, kernelSource } from '../scripts/compile-kernel.ts';
import { kernel } from '../src/kernel.ts';
import { instantiate } from '../src/webassembly.ts';
import { fromHex, toHex } from './hex.ts';
import { aeadVectors, poly1305Vectors } from './vectors/chacha20-poly1305.ts';

test('the committed kernel is what its source compiles to', async () => {
  expect(await readFile(KERNEL_FILE, 'utf8')).toBe(await kernelSource());
});

describe.each(aeadVectors)('ChaCha20-Poly1305 (RFC 8439): $name', (vector) => {
  const [key, nonce, associated, plaintext, sealed] = [
    fromHex(vector.key),
    fromHex(vector.nonce),
    fromHex(vector.associated),
    fromHex(vector.plaintext),
    fromHex(vector.sealed),
  ];
  const words = new DataView(nonce.buffer);
  const nonceWords = [words.getUint32(0, true), words.getUint32(4, true), words.getUint32(8, true)] as const;
  const load = (input: Uint8Array) => {
    const k = kernel();
    k.memory.set(key, k.key);
    k.memory.set(associated, k.associated);
    k.memory.set(input, k.input);
    return k;
  };

  test('is what the reference makes of it', () => {
    expect(chacha20poly1305(key, nonce, associated).encrypt(plaintext)).toEqual(sealed);
  });

  test('the kernel seals', () => {
    const k = load(plaintext);
    k.run.seal(...nonceWords, associated.length, plaintext.length);
    expect(k.memory.slice(k.output, k.output + sealed.length)).toEqual(sealed);
  });

  test('the kernel opens, and keeps no key', () => {
    const k = load(sealed);
    expect(k.run.open(...nonceWords, associated.length, plaintext.length)).toBe(1);
    expect(k.memory.slice(k.output, k.output + plaintext.length)).toEqual(plaintext);
    expect(k.memory.slice(k.key, k.key + 32)).toEqual(new Uint8Array(32));
  });

  test('the kernel decrypts nothing where a bit of the MAC is wrong', () => {
    for (const bit of [0, 7, 64, 127]) {
      const bad = sealed.slice();
      const at = plaintext.length + (bit >> 3);
      bad[at] = (bad[at] ?? 0) ^ (1 << (bit & 7));
      const k = load(bad);
      k.memory.fill(0xee, k.output, k.output + plaintext.length);
      expect(k.run.open(...nonceWords, associated.length, plaintext.length)).toBe(0);
      expect(k.memory.slice(k.output, k.output + plaintext.length).every((byte) => byte === 0xee)).toBe(true);
    }
  });
});

describe('Poly1305 alone', () => {
  interface Poly1305 {
    readonly memory: { readonly buffer: ArrayBuffer };
    start(key: number): void;
    absorb(data: number, length: number): void;
    finish(key: number, mac: number): void;
  }
  const [KEY, DATA, MAC] = [100_000, 100_064, 101_000];
  let wasm: Poly1305;

  beforeAll(async () => {
    wasm = instantiate(await compile('poly1305.ts')) as Poly1305;
  });

  function macOf(key: Uint8Array, data: Uint8Array): Uint8Array {
    const memory = new Uint8Array(wasm.memory.buffer);
    memory.set(key, KEY);
    memory.set(data, DATA);
    wasm.start(KEY);
    wasm.absorb(DATA, data.length);
    wasm.finish(KEY, MAC);
    return memory.slice(MAC, MAC + 16);
  }

  test.each(poly1305Vectors)('the MAC of whole blocks (RFC 8439 §A.3): $name', ({ r, s, message, mac }) => {
    const key = fromHex(r.padEnd(32, '0') + s.padEnd(32, '0'));
    expect(toHex(macOf(key, fromHex(message)))).toBe(mac.padEnd(32, '0'));
  });

  test('agrees with the reference on keys and blocks full of ones and zeros', () => {
    const extreme = fc.oneof(fc.constantFrom(0, 1, 0xff, 0xfe, 0xfb, 0xfc, 0x0f, 0x80), fc.nat(255));
    const blocks = fc
      .integer({ min: 1, max: 6 })
      .chain((n) => fc.array(extreme, { minLength: 16 * n, maxLength: 16 * n }));
    fc.assert(
      fc.property(fc.array(extreme, { minLength: 32, maxLength: 32 }), blocks, (key, data) => {
        const [k, d] = [Uint8Array.from(key), Uint8Array.from(data)];
        expect(macOf(k, d)).toEqual(poly1305(d, k));
      }),
      { numRuns: 2_000 },
    );
  });
});
