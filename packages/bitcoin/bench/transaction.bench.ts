import { Transaction } from 'bitcoinjs-lib';
import { identifyTransaction, merklePathOf, parseTransaction } from '../src/index.ts';

const bytes = buildTransaction();
/** As many outputs as a block's size allows. */
const hostile = withOutputs(440_000);
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
  'parse one with 440,000 outputs': () => void parseTransaction(hostile),
  'identify it': () => void identifyTransaction(hostile),
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

/** Without a witness; outputs of value 0 and an empty script. */
function withOutputs(count: number): Uint8Array {
  const head = Uint8Array.of(2, 0, 0, 0, 1, ...new Uint8Array(36), 0, 0xff, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 0);
  new DataView(head.buffer).setUint32(head.length - 4, count, true);
  const bytes = new Uint8Array(head.length + 9 * count + 4);
  bytes.set(head);
  return bytes;
}
