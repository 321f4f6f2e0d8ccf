import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BitcoinError,
  blockSubsidy,
  buildCoinbase,
  countSigops,
  encodeCountedOutputs,
  encodeOutputs,
  endsInOpenPush,
  heightPush,
  joinCoinbase,
  MAX_MONEY,
  parseTransaction,
  readCoinbaseHalves,
  witnessCommitmentOutput,
} from '../src/index.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const ascii = (text: string) => new TextEncoder().encode(text);

describe('the subsidy of a block', () => {
  test.each([
    [0, 'mainnet', 5_000_000_000n],
    [209_999, 'mainnet', 5_000_000_000n],
    [210_000, 'mainnet', 2_500_000_000n],
    [840_000, 'mainnet', 312_500_000n],
    [6_930_000, 'mainnet', 0n],
    [64 * 210_000, 'mainnet', 0n],
    [149, 'regtest', 5_000_000_000n],
    [150, 'regtest', 2_500_000_000n],
    [210_000, 'signet', 2_500_000_000n],
  ] as const)('at height %i on %s is %s satoshis', (height, network, satoshis) => {
    expect(blockSubsidy(height, network)).toBe(satoshis);
  });

  test('never adds up to more than 21 million coins', () => {
    let sum = 0n;
    for (let halving = 0; halving < 70; halving += 1) sum += blockSubsidy(halving * 210_000, 'mainnet') * 210_000n;
    expect(sum < MAX_MONEY).toBe(true);
  });
});

describe('a script that ends in an open push', () => {
  test.each([
    { name: 'a height and the extranonce', script: bytes(3, 1, 2, 3, 20), size: 20, open: true },
    { name: 'OP_16 as height', script: bytes(0x60, 8), size: 8, open: true },
    { name: 'a tag under PUSHDATA1', script: bytes(1, 5, 0x4c, 1, 9, 4), size: 4, open: true },
    { name: 'the extranonce under PUSHDATA1', script: bytes(1, 5, 0x4c, 32), size: 32, open: true },
    { name: 'the extranonce under PUSHDATA2', script: bytes(1, 5, 0x4d, 32, 0), size: 32, open: true },
    { name: 'nothing', script: bytes(), size: 8, open: false },
    { name: 'no push opcode', script: bytes(3, 1, 2, 3), size: 8, open: false },
    { name: 'a push longer than the extranonce', script: bytes(3, 1, 2, 3, 21), size: 20, open: false },
    { name: 'a push shorter than the extranonce', script: bytes(3, 1, 2, 3, 19), size: 20, open: false },
    { name: 'bytes of its own in the last push', script: bytes(3, 1, 2, 3, 20, 7), size: 19, open: false },
    { name: 'the opcode inside a push', script: bytes(2, 1, 20), size: 20, open: false },
    { name: 'an opcode that is no push', script: bytes(3, 1, 2, 3, 0xac, 20), size: 20, open: false },
    { name: 'PUSHDATA1 without its length', script: bytes(1, 5, 0x4c), size: 20, open: false },
    { name: 'an empty extranonce', script: bytes(1, 5, 0), size: 0, open: false },
  ])('$name: $open', ({ script, size, open }) => {
    expect(endsInOpenPush(script, size)).toBe(open);
  });

  test('keeps every extranonce out of the sigop count', () => {
    const pushed = fc.uint8Array({ minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(pushed, { maxLength: 2 }), fc.uint8Array({ minLength: 1, maxLength: 32 }), (tags, nonce) => {
        const head = [...tags.flatMap((tag) => [tag.length, ...tag]), nonce.length];
        expect(endsInOpenPush(Uint8Array.from(head), nonce.length)).toBe(true);
        expect(countSigops(Uint8Array.from([...head, ...nonce]))).toBe(0);
      }),
    );
  });
});

const outputs = [{ value: 5_000_000_000n, script: bytes(0x51) }];
const build = (segwit: boolean, extranonceSize: number) =>
  buildCoinbase({
    txVersion: 2,
    scriptSigPrefix: heightPush(840_000),
    tag: ascii('/jdc/'),
    extranonceSize,
    sequence: 0xfffffffe,
    outputs,
    templateOutputs: { count: 1, bytes: encodeOutputs([witnessCommitmentOutput([])]) },
    locktime: 839_999,
    segwit,
  });

function partOf(prefix: Uint8Array, suffix: Uint8Array): unknown {
  try {
    readCoinbaseHalves(prefix, suffix);
    return 'none';
  } catch (error) {
    if (!(error instanceof BitcoinError)) throw error;
    expect(error.code).toBe('bad-coinbase');
    return error.details['part'];
  }
}
const patch = (source: Uint8Array, at: number, ...values: number[]) => {
  const copy = source.slice();
  copy.set(values, at);
  return copy;
};

describe('the halves of a declared coinbase (§3.7.2, §6.4.4)', () => {
  test('are read back as they were built, with and without a witness', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.integer({ min: 1, max: 32 }), (segwit, size) => {
        const parts = build(segwit, size);
        const halves = readCoinbaseHalves(parts.segwitPrefix, parts.segwitSuffix);
        expect(halves.parts).toEqual(parts);
        expect(halves).toMatchObject({ segwit, txVersion: 2, sequence: 0xfffffffe, locktime: 839_999 });
        const whole = parseTransaction(joinCoinbase(halves.parts, new Uint8Array(size), { segwit }));
        expect(halves.outputs).toEqual(whole.outputs);
        expect(halves.countedOutputs).toEqual(encodeCountedOutputs(whole.outputs));
        const [input] = whole.inputs;
        expect(input?.scriptSig.subarray(0, -size)).toEqual(halves.scriptSig);
        expect(parseTransaction(joinCoinbase(halves.parts, new Uint8Array(size), { segwit: false })).txid).toEqual(
          whole.txid,
        );
      }),
    );
  });

  const { segwitPrefix, segwitSuffix } = build(true, 8);
  test.each([
    { name: 'no bytes', prefix: bytes(), suffix: segwitSuffix, part: 'transaction' },
    { name: 'a witness flag of 2', prefix: patch(segwitPrefix, 5, 2), suffix: segwitSuffix, part: 'input' },
    { name: 'two inputs', prefix: patch(segwitPrefix, 6, 2), suffix: segwitSuffix, part: 'input' },
    { name: 'an input that spends something', prefix: patch(segwitPrefix, 7, 1), suffix: segwitSuffix, part: 'input' },
    { name: 'an input with an index', prefix: patch(segwitPrefix, 39, 0), suffix: segwitSuffix, part: 'input' },
    {
      name: 'a scriptSig of 101 bytes',
      prefix: patch(segwitPrefix, 43, 101),
      suffix: segwitSuffix,
      part: 'transaction',
    },
    { name: 'no room for an extranonce', prefix: patch(segwitPrefix, 43, 3), suffix: segwitSuffix, part: 'script' },
    { name: 'room for 33 bytes', prefix: patch(segwitPrefix, 43, 45), suffix: segwitSuffix, part: 'script' },
    {
      name: 'a suffix that goes on',
      prefix: segwitPrefix,
      suffix: patch(new Uint8Array(200), 0, ...segwitSuffix),
      part: 'transaction',
    },
    { name: 'a suffix without its witness', prefix: segwitPrefix, suffix: build(true, 8).suffix, part: 'transaction' },
  ])('with $name are refused, naming the $part', ({ prefix, suffix, part }) => {
    expect(partOf(prefix, suffix)).toBe(part);
  });

  test('never make anything but a coinbase or an error from arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.uint8Array({ maxLength: 200 }), (prefix, suffix) => {
        expect(['none', 'transaction', 'input', 'script']).toContain(partOf(prefix, suffix));
      }),
    );
  });
});
