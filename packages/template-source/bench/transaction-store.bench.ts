import type { WorkTemplate } from '@sv2kit/mining';
import { TransactionStore } from '../src/index.ts';
import { newTemplate } from '../test/support.ts';

const TRANSACTIONS = 4_000;
const SIZE = 390;

/** A transaction-like blob that spends an output of its own. */
function blob(name: number): Uint8Array {
  const data = new Uint8Array(SIZE).fill(name & 0xff);
  new DataView(data.buffer).setUint32(7, name, true);
  return data;
}

const first = Array.from({ length: TRANSACTIONS }, (_, name) => blob(name));
/** As it is a few seconds later: one in twenty is new. */
const next = first.map((data, name) => (name % 20 === 0 ? blob(TRANSACTIONS + name) : data));
const template = (): WorkTemplate => newTemplate(1, 100, false);

const warm = new TransactionStore();
warm.put(template(), first);
let turn = 0;

/** What to measure: name -> one iteration. Run by `npm run bench -- template-source`. */
export const suite: Record<string, () => void> = {
  '4,000 new transactions and their wtxids': () => {
    const of = template();
    const store = new TransactionStore();
    store.put(of, first);
    void store.get(of)?.wtxids;
  },
  '4,000 transactions of which 200 are new, and their wtxids': () => {
    const of = template();
    turn += 1;
    warm.put(of, turn % 2 === 0 ? first : next);
    void warm.get(of)?.wtxids;
  },
};
