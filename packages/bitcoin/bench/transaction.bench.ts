import { Transaction } from 'bitcoinjs-lib';
import { merklePathOf, parseTransaction } from '../src/index.ts';

const bytes = buildTransaction();
const txids = Array.from({ length: 4000 }, (_, i) => new Uint8Array(32).fill(i));

/** What to measure: name -> one iteration. Run by `npm run bench -- bitcoin`. */
export const suite: Record<string, () => void> = {
  'parse a transaction with two inputs, two outputs and witnesses: txid, wtxid, weight': () =>
    void parseTransaction(bytes),
  'the same with bitcoinjs-lib': () => {
    const transaction = Transaction.fromBuffer(bytes);
    transaction.getHash();
    transaction.getHash(true);
    transaction.weight();
  },
  'merkle path of 4,000 transactions': () => void merklePathOf(txids),
};

function buildTransaction(): Uint8Array {
  const transaction = new Transaction();
  for (let i = 0; i < 2; i++) {
    transaction.addInput(new Uint8Array(32).fill(i + 1), i);
    transaction.setWitness(i, [new Uint8Array(72), new Uint8Array(33)]);
    transaction.addOutput(new Uint8Array(22), 1000n);
  }
  return transaction.toBuffer();
}
