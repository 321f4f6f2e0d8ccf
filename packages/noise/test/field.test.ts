import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../scripts/compile-kernel.ts';
import { fromInteger, toInteger } from '../src/bytes.ts';
import { instantiate } from '../src/webassembly.ts';

const P = 2n ** 256n - 2n ** 32n - 977n;

interface Field {
  readonly memory: { readonly buffer: ArrayBuffer };
  fromBytes(out: number, bytes: number): void;
  toBytes(bytes: number, a: number): void;
  add(out: number, a: number, b: number): void;
  subtract(out: number, a: number, b: number): void;
  multiply(out: number, a: number, b: number): void;
  square(out: number, a: number): void;
  scale(out: number, a: number, factor: bigint): void;
  isZero(a: number): number;
  isEqual(a: number, b: number): number;
}

let field: Field;
let memory: Uint8Array;
const [BYTES, A, B, OUT] = [100_000, 100_064, 100_128, 100_192];

beforeAll(async () => {
  field = instantiate(await compile('field.ts')) as Field;
  memory = new Uint8Array(field.memory.buffer);
});

function put(element: number, value: bigint): void {
  memory.set(fromInteger(value), BYTES);
  field.fromBytes(element, BYTES);
}

function get(element: number): bigint {
  field.toBytes(BYTES, element);
  return toInteger(memory.subarray(BYTES, BYTES + 32));
}

const mod = (value: bigint): bigint => ((value % P) + P) % P;

/** 32 bytes as a number: any, near 0, near p, near 2^256, and runs of ones and zeros that fill limbs. */
const edges = [0n, 1n, 2n, 977n, P - 2n, P - 1n, P, P + 1n, 2n ** 256n - 1n, 2n ** 255n, 2n ** 232n - 1n, 2n ** 232n];
const runs = fc
  .array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 80 })), { minLength: 3, maxLength: 12 })
  .map(
    (list) => list.reduce((sum, [one, n]) => (sum << BigInt(n)) | (one ? 2n ** BigInt(n) - 1n : 0n), 0n) % 2n ** 256n,
  );
const number = fc.oneof(fc.constantFrom(...edges), runs, fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }));

describe('the field of the kernel against integers modulo p', () => {
  test('reads and writes bytes, reduced', () => {
    fc.assert(
      fc.property(number, (a) => {
        put(A, a);
        expect(get(A)).toBe(mod(a));
        expect(field.isZero(A)).toBe(mod(a) === 0n ? 1 : 0);
      }),
    );
  });

  test('adds, subtracts, multiplies and squares', () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        put(A, a);
        put(B, b);
        field.add(OUT, A, B);
        expect(get(OUT)).toBe(mod(a + b));
        field.subtract(OUT, A, B);
        expect(get(OUT)).toBe(mod(a - b));
        field.multiply(OUT, A, B);
        expect(get(OUT)).toBe(mod(a * b));
        field.square(OUT, A);
        expect(get(OUT)).toBe(mod(a * a));
        field.scale(OUT, A, 255n);
        expect(get(OUT)).toBe(mod(a * 255n));
        expect(field.isEqual(A, B)).toBe(mod(a) === mod(b) ? 1 : 0);
      }),
      { numRuns: 500 },
    );
  });

  test('multiplies what was added once, as its bounds promise', () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        put(A, a);
        put(B, b);
        field.multiply(A, A, B);
        field.multiply(B, B, A);
        const [c, d] = [mod(a * b), mod(b * mod(a * b))];
        field.add(A, A, A);
        field.add(B, B, B);
        field.multiply(OUT, A, B);
        expect(get(OUT)).toBe(mod(4n * c * d));
        field.square(OUT, A);
        expect(get(OUT)).toBe(mod(4n * c * c));
      }),
    );
  });

  test('subtracts a product from nothing and from a sum', () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        put(A, a);
        put(B, b);
        field.multiply(A, A, B);
        put(B, 0n);
        field.subtract(B, B, A);
        expect(get(B)).toBe(mod(-a * b));
        field.add(OUT, A, A);
        field.subtract(OUT, OUT, B);
        expect(get(OUT)).toBe(mod(3n * a * b));
      }),
    );
  });
});
