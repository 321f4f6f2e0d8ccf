import type { TxOut } from '@sv2kit/bitcoin';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  blockOf,
  type DraftJob,
  draftJob,
  Lab,
  lies,
  makeTransactions,
  PAYOUT_SCRIPT,
  search,
  sendTransactions,
  spaceOf,
} from '../src/index.ts';

const MATURE = 110;
const COUNT = 40;
const EXTRANONCE_SIZE = 20;
const EASY = new Uint8Array(32).fill(0xff);
const outputs: readonly TxOut[] = [{ value: 0n, script: Buffer.from(PAYOUT_SCRIPT, 'hex') }];

let lab: Lab;
let honest: DraftJob;
beforeAll(async () => {
  lab = await Lab.open('regtest');
  await lab.node.mine(MATURE);
  await sendTransactions(await makeTransactions(lab.node, COUNT), lab.node);
  honest = await draftJob(lab.node, { outputs, extranonceSize: EXTRANONCE_SIZE });
});
afterAll(() => lab?.[Symbol.asyncDispose]());

/** What the node says of the job's block, found with an extranonce of zeros. */
async function judged(job: DraftJob): Promise<unknown> {
  const space = spaceOf(job, new Uint8Array());
  const { version, prevHash, nbits, minNtime } = job;
  const work = { version, prevHash, nbits, minNtime, space, jobId: 1, channelId: 1, target: EASY };
  const found = search({ ...work, versionRollingAllowed: true, receivedAtMs: 0 }, { wanted: 'block' });
  const block = blockOf(job, { ...found, extranonce: found.extranonce ?? new Uint8Array() });
  return await lab.node.call('getblocktemplate', {
    mode: 'proposal',
    rules: ['segwit'],
    data: Buffer.from(block).toString('hex'),
  });
}

test('an honest draft is a block that the node takes, with the transactions of its template', async () => {
  expect(honest.transactions).toHaveLength(COUNT);
  expect(await judged(honest)).toBeNull();
});

describe('each lie is one thing that is wrong with a block, in the words of the node', () => {
  test.each([
    { name: 'payingTooMuch', lie: lies.payingTooMuch, says: 'bad-cb-amount' },
    { name: 'committingElsewhere', lie: lies.committingElsewhere, says: 'bad-witness-merkle-match' },
    { name: 'withTooManySigops', lie: lies.withTooManySigops, says: 'bad-blk-sigops' },
    { name: 'withInvalidTransaction', lie: lies.withInvalidTransaction, says: 'bad-txns-inputs-missingorspent' },
    {
      name: 'withTransactionTwice',
      lie: lies.withTransactionTwice,
      says: /^bad-txns-(duplicate|inputs-missingorspent)$/,
    },
    {
      name: 'atHeight',
      lie: (job: DraftJob) => lies.atHeight(job, job.coinbase.locktime + 2),
      says: 'bad-cb-height',
    },
  ])('$name', async ({ lie, says }) => {
    expect(await judged(lie(honest))).toEqual(expect.stringMatching(says));
  });

  test('overweight', async () => {
    const coin = await lab.node.reward();
    expect(await judged(lies.overweight(honest, coin))).toMatch(/^bad-blk-(weight|length)$/);
  });

  test('withBareExtranonce: with room for all-0xae a block may pass, or fail by its sigops', async () => {
    expect(await judged(lies.withBareExtranonce(honest))).toBeNull();
  });

  test('payingOnly and payingNobody leave the block valid: only a pool minds', async () => {
    expect(await judged(lies.payingOnly(honest, 10n, Uint8Array.of(0x51)))).toBeNull();
    expect(await judged(lies.payingNobody(honest))).toBeNull();
  });
});
