import { Transaction } from 'bitcoinjs-lib';
import { describe, test } from 'vitest';
import { merklePathOf, parseTransaction } from '../src/index.ts';

const bytes = buildTransaction();
const txids = Array.from({ length: 4000 }, (_, i) => new Uint8Array(32).fill(i));

describe('a transaction with two inputs, two outputs and witnesses: txid, wtxid, weight', () => {
  test('parseTransaction', async ({ bench }) => {
    await bench('parseTransaction', () => void parseTransaction(bytes)).run();
  });
  test('bitcoinjs-lib', async ({ bench }) => {
    await bench('bitcoinjs-lib', () => {
      const transaction = Transaction.fromBuffer(bytes);
      transaction.getHash();
      transaction.getHash(true);
      transaction.weight();
    }).run();
  });
});

test('merkle path of 4,000 transactions', async ({ bench }) => {
  await bench('merklePathOf', () => void merklePathOf(txids)).run();
});

function buildTransaction(): Uint8Array {
  const transaction = new Transaction();
  for (let i = 0; i < 2; i++) {
    transaction.addInput(new Uint8Array(32).fill(i + 1), i);
    transaction.setWitness(i, [new Uint8Array(72), new Uint8Array(33)]);
    transaction.addOutput(new Uint8Array(22), 1000n);
  }
  return transaction.toBuffer();
}
