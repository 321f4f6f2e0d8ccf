import { Transaction } from 'bitcoinjs-lib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { displayHash, encodeOutputs, identifyTransaction, parseTransaction } from '../src/index.ts';

const unhex = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number(`0x${pair}`));

const VECTORS = [
  {
    name: 'the genesis coinbase',
    hex: '01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000',
    txid: '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b',
  },
  {
    name: "BIP143's native P2WPKH example",
    hex: '01000000000102fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f00000000494830450221008b9d1dc26ba6a9cb62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be022040529b194ba3f9281a99f2b1c0a19c0489bc22ede944ccf4ecbab4cc618ef3ed01eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac000247304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f90300e8f3358f51928d43c212a8caed02de67eebee0121025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee635711000000',
    txid: 'e8151a2af31c368a35053ddd4bdb285a8595c769a3ad83e0fa02314a602d4609',
  },
];

describe.each(VECTORS)('$name', ({ hex, txid }) => {
  const bytes = unhex(hex);
  test('has its known txid', () => {
    expect(displayHash(parseTransaction(bytes).txid)).toBe(txid);
  });
  test('agrees with bitcoinjs-lib', () => {
    expectSameAsReference(bytes);
  });
  test('is refused when it is cut anywhere, and when something follows', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => parseTransaction(bytes.subarray(0, length))).toThrow('the data');
    }
    expect(() => parseTransaction(Uint8Array.of(...bytes, 0))).toThrow('goes on after the lock time');
  });
});

function expectSameAsReference(bytes: Uint8Array): void {
  const parsed = parseTransaction(bytes);
  const reference = Transaction.fromBuffer(bytes);
  expect(displayHash(parsed.txid)).toBe(reference.getId());
  // The library gives a coinbase the wtxid 0 that BIP141 puts into the witness tree.
  if (!reference.isCoinbase()) expect(parsed.wtxid).toEqual(reference.getHash(true));
  expect(parsed.weight).toBe(reference.weight());
  expect(parsed.segwit).toBe(reference.hasWitnesses());
  expect(parsed.version).toBe(reference.version >>> 0);
  expect(parsed.locktime).toBe(reference.locktime);
  expect(parsed.inputs).toEqual(
    reference.ins.map(({ hash, index, script, sequence }) => ({
      prevTxid: hash,
      prevIndex: index,
      scriptSig: script,
      sequence,
    })),
  );
  expect(encodeOutputs(parsed.outputs)).toEqual(encodeOutputs(reference.outs));
}

const data = fc.uint8Array({ maxLength: 300 });
const transaction = fc
  .record({
    version: fc.integer({ min: 1, max: 0x7fffffff }),
    locktime: fc.integer({ min: 0, max: 0xffffffff }),
    ins: fc.array(
      fc.record({
        hash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
        index: fc.integer({ min: 0, max: 0xffffffff }),
        script: data,
        sequence: fc.integer({ min: 0, max: 0xffffffff }),
        witness: fc.array(data, { maxLength: 3 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    outs: fc.array(fc.record({ value: fc.bigInt({ min: 0n, max: 1n << 50n }), script: data }), { maxLength: 4 }),
  })
  .map(({ version, locktime, ins, outs }) => {
    const built = new Transaction();
    built.version = version;
    built.locktime = locktime;
    ins.forEach(({ hash, index, script, sequence, witness }, i) => {
      built.addInput(hash, index, sequence, script);
      built.setWitness(i, witness);
    });
    for (const { value, script } of outs) built.addOutput(script, value);
    return built.toBuffer();
  });

test('any transaction reads as bitcoinjs-lib reads it', () => {
  fc.assert(fc.property(transaction, expectSameAsReference), { numRuns: 100 });
});

test('any bytes are read or refused as a bad transaction', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged()), (bytes) => {
      try {
        parseTransaction(bytes);
      } catch (error) {
        expect(error).toMatchObject({ name: 'BitcoinError', code: 'bad-transaction' });
      }
    }),
  );
});

test('any bytes are identified as they are read, or refused alike', () => {
  const outcome = (read: (bytes: Uint8Array) => { txid: Uint8Array; wtxid: Uint8Array; weight: number }) => {
    return (bytes: Uint8Array) => {
      try {
        const { txid, wtxid, weight } = read(bytes);
        return { txid, wtxid, weight };
      } catch (error) {
        expect(error).toMatchObject({ name: 'BitcoinError', code: 'bad-transaction' });
        return 'refused';
      }
    };
  };
  const any = fc.oneof(transaction, fc.uint8Array({ maxLength: 200 }), damaged());
  fc.assert(
    fc.property(any, (bytes) => {
      expect(outcome(identifyTransaction)(bytes)).toEqual(outcome(parseTransaction)(bytes));
    }),
    { numRuns: 300 },
  );
});

function damaged() {
  return fc.tuple(transaction, fc.nat(), fc.nat({ max: 255 })).map(([bytes, at, value]) => {
    const copy = bytes.slice();
    copy[at % copy.length] = value;
    return copy;
  });
}

test.each([
  ['no inputs', '01000000000000000000', 'witness flag 0'],
  ['an unknown witness flag', '010000000002', 'witness flag 2'],
  ['a marker with no witness', `01000000000101${'00'.repeat(36)}00ffffffff000000000000`, 'has none'],
  ['a count not in its shortest form', '01000000fd0100', 'shortest form'],
  ['a 64-bit count', '01000000ff0100000000000000', '64-bit'],
  ['a script longer than the data', `0100000001${'00'.repeat(36)}feffffffff`, 'ends inside a scriptSig'],
])('refuses %s', (_, hex, problem) => {
  expect(() => parseTransaction(unhex(hex))).toThrow(problem);
});
