import { expect, test } from 'vitest';
import { type KnownTransaction, TRANSACTIONS_LIMIT, transactionsView } from '../src/index.ts';

const hash = (last: number): Uint8Array => new Uint8Array(32).with(0, last);

test('tells transactions as explorers do, each with what is known of it', async () => {
  const whole = { txid: hash(1), wtxid: hash(2), weight: 561, data: new Uint8Array(222), fee: 1_000n };
  expect(await transactionsView([whole, { txid: hash(3) }])).toEqual({
    transactionList: [
      { txid: `${'00'.repeat(31)}01`, wtxid: `${'00'.repeat(31)}02`, weight: 561, size: 222, fee: 1_000 },
      { txid: `${'00'.repeat(31)}03` },
    ],
  });
});

test('tells nothing where nothing is known, and an empty list of an empty block', async () => {
  expect(await transactionsView(undefined)).toEqual({});
  expect(await transactionsView([])).toEqual({ transactionList: [] });
});

test('stops at the limit, says so, and lets others have turns meanwhile', async () => {
  let read = 0;
  const one: KnownTransaction = {
    get txid() {
      read += 1;
      return hash(1);
    },
  };
  const told = transactionsView(Array.from({ length: TRANSACTIONS_LIMIT + 1 }, () => one));
  expect(read).toBeLessThan(100);
  const { transactionList, cut } = await told;
  expect([transactionList?.length, cut, read]).toEqual([TRANSACTIONS_LIMIT, true, TRANSACTIONS_LIMIT]);
});
