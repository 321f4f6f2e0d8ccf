import { Transaction } from 'bitcoinjs-lib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addCoinbaseWitness,
  buildCoinbase,
  type CoinbaseRecipe,
  decodeCountedOutputs,
  decodeOutputs,
  displayHash,
  encodeBlock,
  encodeCountedOutputs,
  encodeHeader,
  encodeOutputs,
  hashHeader,
  heightOf,
  heightPush,
  isWitnessCommitment,
  joinCoinbase,
  MAX_SCRIPT_SIG,
  outputSigops,
  parseTransaction,
  sha256d,
  type TxOut,
  witnessCommitmentOutput,
} from '../src/index.ts';

const ascii = (text: string) => new TextEncoder().encode(text);
const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

const recipe: CoinbaseRecipe = {
  txVersion: 2,
  scriptSigPrefix: heightPush(481_824),
  tag: ascii('/sv2kit/'),
  extranonceSize: 16,
  sequence: 0xfffffffe,
  outputs: [{ value: 1_250_000_000n, script: Uint8Array.of(0x51) }],
  templateOutputs: { count: 1, bytes: encodeOutputs([witnessCommitmentOutput([])]) },
  locktime: 481_823,
  segwit: true,
};
const extranonce = Uint8Array.from({ length: 16 }, (_, i) => i);

describe('buildCoinbase (§3.7)', () => {
  test('the extranonce sits alone under its own push opcode', () => {
    const { inputs } = parseTransaction(joinCoinbase(buildCoinbase(recipe), extranonce, { segwit: false }));
    expect(hex(inputs[0]?.scriptSig ?? new Uint8Array())).toBe(
      `03205a07${'08'}${hex(ascii('/sv2kit/'))}${'10'}${hex(extranonce)}`,
    );
  });
  test("the pool's outputs come before the template's", () => {
    const { outputs } = parseTransaction(joinCoinbase(buildCoinbase(recipe), extranonce, { segwit: true }));
    expect(outputs).toEqual([...recipe.outputs, witnessCommitmentOutput([])]);
  });
  test("version, sequence and lock time are the template's (BIP54)", () => {
    const parsed = parseTransaction(joinCoinbase(buildCoinbase(recipe), extranonce, { segwit: true }));
    expect(parsed).toMatchObject({ version: 2, locktime: 481_823, segwit: true });
    expect(parsed.inputs).toMatchObject([
      { prevTxid: new Uint8Array(32), prevIndex: 0xffffffff, sequence: 0xfffffffe },
    ]);
  });
  test('both forms have one txid, and the stripped one hashes to it directly (§3.7.1)', () => {
    const parts = buildCoinbase(recipe);
    const stripped = joinCoinbase(parts, extranonce, { segwit: false });
    const full = joinCoinbase(parts, extranonce, { segwit: true });
    expect(parseTransaction(full).txid).toEqual(sha256d(stripped));
    expect(addCoinbaseWitness(stripped)).toEqual(full);
    const reference = Transaction.fromBuffer(full);
    expect(reference.isCoinbase()).toBe(true);
    expect(reference.ins[0]?.witness).toEqual([new Uint8Array(32)]);
  });
  test('without a witness both forms are the same', () => {
    const parts = buildCoinbase({ ...recipe, segwit: false });
    expect(parts.segwitPrefix).toEqual(parts.prefix);
    expect(parts.segwitSuffix).toEqual(parts.suffix);
  });
  test('a scriptSig over 100 bytes is refused, naming the excess', () => {
    const used = 4 + 1 + 1 + 16;
    const fits = { ...recipe, tag: new Uint8Array(MAX_SCRIPT_SIG - used) };
    expect(() => buildCoinbase({ ...fits, tag: new Uint8Array(76) })).not.toThrow();
    expect(() => buildCoinbase({ ...recipe, tag: new Uint8Array(80) })).toThrow(
      '103 bytes, 3 more than the 100 allowed',
    );
  });
  test('refuses an extranonce that is not the size it was built for', () => {
    const parts = buildCoinbase(recipe);
    expect(() => joinCoinbase(parts, new Uint8Array(15), { segwit: true })).toThrow('15 bytes');
    expect(() => buildCoinbase({ ...recipe, extranonceSize: 33 })).toThrow('0 to 32');
  });
});

describe('BIP34 heights', () => {
  test.each([
    [0, '00'],
    [1, '51'],
    [16, '60'],
    [17, '0111'],
    [127, '017f'],
    [128, '028000'],
    [255, '02ff00'],
    [256, '020001'],
    [32_767, '02ff7f'],
    [32_768, '03008000'],
    [227_931, '035b7a03'],
    [8_388_608, '0400008000'],
  ])('%i', (height, script) => {
    expect(hex(heightPush(height))).toBe(script);
    expect(heightOf(heightPush(height))).toBe(height);
  });
  test('survive the way there and back', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0x7fffffff }), fc.uint8Array({ maxLength: 20 }), (height, rest) => {
        expect(heightOf(Uint8Array.of(...heightPush(height), ...rest))).toBe(height);
      }),
    );
  });
  test('refuse what is no height', () => {
    expect(() => heightPush(-1)).toThrow('whole number');
    expect(() => heightOf(new Uint8Array(0))).toThrow('ends inside');
    expect(() => heightOf(Uint8Array.of(0x20))).toThrow('does not start with a height');
  });
});

describe('outputs', () => {
  const output: fc.Arbitrary<TxOut> = fc.record({
    value: fc.bigInt({ min: 0n, max: 21_000_000n * 100_000_000n }),
    script: fc.uint8Array({ maxLength: 300 }),
  });
  test('survive encode and decode, with and without a count', () => {
    fc.assert(
      fc.property(fc.array(output, { maxLength: 300 }), (outputs) => {
        expect(decodeOutputs(encodeOutputs(outputs), outputs.length)).toEqual(outputs);
        expect(decodeCountedOutputs(encodeCountedOutputs(outputs))).toEqual(outputs);
      }),
      { numRuns: 30 },
    );
  });
  test('any bytes decode or are refused as bad outputs', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          expect(encodeCountedOutputs(decodeCountedOutputs(bytes))).toEqual(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad-outputs' });
        }
      }),
    );
  });
  test('bytes after the last output are refused', () => {
    const bytes = encodeOutputs([{ value: 1n, script: Uint8Array.of(0x51) }]);
    expect(() => decodeOutputs(bytes, 0)).toThrow('goes on after 0 outputs');
    expect(() => decodeOutputs(bytes.subarray(1), 1)).toThrow('ends inside');
  });
  test.each([
    ['p2wpkh', `0014${'00'.repeat(20)}`, 0],
    ['p2pkh', `76a914${'00'.repeat(20)}88ac`, 4],
    ['bare multisig', `5121${'02'.repeat(33)}51ae`, 80],
    ['checksigs inside pushed data do not count', '4c02acacac', 4],
    ['a push that runs past the end ends the count', 'ac4dffff', 4],
    ['OP_PUSHDATA4', '4e02000000acacac', 4],
    ['verify forms', 'adaf', 84],
  ])('sigops of %s', (_, script, sigops) => {
    expect(
      outputSigops([{ value: 0n, script: Uint8Array.from(script.match(/../g) ?? [], (h) => Number(`0x${h}`)) }]),
    ).toBe(sigops);
  });
});

describe('witness commitment (BIP141)', () => {
  test('of a block with nothing but a coinbase', () => {
    const output = witnessCommitmentOutput([]);
    expect(hex(output.script)).toBe('6a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf9');
    expect(isWitnessCommitment(output)).toBe(true);
    expect(isWitnessCommitment({ value: 0n, script: Uint8Array.of(0x6a) })).toBe(false);
  });
});

test('a block is header, count, coinbase, transactions', () => {
  const header = encodeHeader({
    version: 1,
    prevHash: new Uint8Array(32),
    merkleRoot: new Uint8Array(32),
    ntime: 0,
    nbits: 0,
    nonce: 0,
  });
  const block = encodeBlock(header, Uint8Array.of(1, 2), [Uint8Array.of(3), Uint8Array.of(4, 5)]);
  expect(block.subarray(80)).toEqual(Uint8Array.of(3, 1, 2, 3, 4, 5));
  expect(displayHash(hashHeader(block.subarray(0, 80)))).toHaveLength(64);
});
