import { addressFromScript, type TxOut } from '@sv2kit/bitcoin';
import fc from 'fast-check';
import type { OutputLimits, PayoutTerms, Weight } from '../src/index.ts';

export const CHAIN = 'regtest';

const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
const script = (head: readonly number[], body: Uint8Array, tail: readonly number[] = []): Uint8Array =>
  Uint8Array.of(...head, ...body, ...tail);

/** One script of each kind that an address can have, told apart by a byte. */
export const scripts = {
  p2pkh: (n: number) => script([0x76, 0xa9, 0x14], filled(20, n), [0x88, 0xac]),
  p2sh: (n: number) => script([0xa9, 0x14], filled(20, n), [0x87]),
  p2wpkh: (n: number) => script([0x00, 0x14], filled(20, n)),
  p2wsh: (n: number) => script([0x00, 0x20], filled(32, n)),
  p2tr: (n: number) => script([0x51, 0x20], filled(32, n)),
  anchor: (n: number) => script([0x51, 0x02], filled(2, n)),
  future: (n: number) => script([0x60, 0x28], filled(40, n)),
} as const;

export const addressOf = (of: Uint8Array): string => addressFromScript(of, CHAIN) ?? 'no address';

export const POOL_SCRIPT = scripts.p2wpkh(0xee);
export const TERMS: PayoutTerms = {
  mode: 'pplns',
  feePpm: 10_000,
  window: 2,
  confirmations: 100,
  poolScript: POOL_SCRIPT,
  chain: CHAIN,
};

/** Addresses of every kind, names, and the pool itself. */
export const accounts: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...Object.values(scripts)), fc.integer({ min: 0, max: 40 }))
    .map(([of, n]) => addressOf(of(n))),
  fc.constantFrom('alice', 'bob', 'carol', '', addressOf(POOL_SCRIPT)),
);

export const weights: fc.Arbitrary<Weight[]> = fc.array(
  fc.record({
    account: accounts,
    donation: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100 })),
    work: fc.oneof(fc.bigInt(0n, 1000n), fc.bigInt(0n, 2n ** 150n)),
  }),
  { maxLength: 60 },
);

/** From nothing to all there will ever be; mostly small, where rounding and dust matter. */
export const values: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt(0n, 2000n),
  fc.bigInt(0n, 100_000n),
  fc.bigInt(0n, 2_100_000_000_000_000n),
);

export const feesPpm: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1, 10_000, 999_999, 1_000_000),
  fc.integer({ min: 0, max: 1_000_000 }),
);

export const poolScripts: fc.Arbitrary<Uint8Array> = fc.constantFrom(POOL_SCRIPT, scripts.p2pkh(1), scripts.p2tr(2));

export const someLimits: fc.Arbitrary<Pick<OutputLimits, 'leastOutput' | 'mostOutputs'>> = fc.record({
  leastOutput: fc.oneof(fc.constant(0n), fc.bigInt(0n, 20_000n)),
  mostOutputs: fc.integer({ min: 1, max: 40 }),
});

export const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);
export const total = (outputs: readonly TxOut[]): bigint => sum(outputs.map(({ value }) => value));
