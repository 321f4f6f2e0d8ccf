import { beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '../src/index.ts';
import { type CheckedTransaction, readTransaction, shownHash } from '../src/job-check/checked-transaction.ts';
import { HeldJobs } from '../src/job-check/held-jobs.ts';
import { KnownTransactions } from '../src/job-check/known-transactions.ts';
import { RecentTransactions } from '../src/job-check/recent-transactions.ts';
import { OP_TRUE, spending } from './job-factory.ts';

const BOUNDS = { transactions: LIMITS.maxValidatedTransactions, bytes: LIMITS.maxValidatedBytes };
let serial = 0;

function transaction(fee?: number): CheckedTransaction {
  const txid = new Uint8Array(32);
  new DataView(txid.buffer).setUint32(0, (serial += 1));
  const made = readTransaction(spending([{ txid, index: 0, value: 0n }], [{ value: 0n, script: OP_TRUE }]), fee);
  if (made === undefined) throw new Error('not a transaction');
  return made;
}

const shown = ({ txid }: CheckedTransaction): string => shownHash(txid);

describe('known transactions', () => {
  let known: KnownTransactions;
  beforeEach(() => {
    known = new KnownTransactions({ transactions: 20, bytes: 1_000_000 });
  });

  function add(fee: number): CheckedTransaction {
    const made = transaction(fee);
    known.add(made, fee);
    return made;
  }

  test('that pay least go when there are too many, and are not worth another look while it is full', () => {
    const all = Array.from({ length: 21 }, (_, index) => add(1_000 + index));
    expect(known.size).toBe(19);
    expect(all.map(({ wtxid }) => known.get(wtxid) !== undefined)).toEqual([
      false,
      false,
      ...all.slice(2).map(() => true),
    ]);
    const [poorest] = all as [CheckedTransaction];
    expect(known.hasSeen(shown(poorest))).toBe(true);
    expect(known.isWorthwhile('cheap', 1, poorest.weight)).toBe(false);
    expect(known.hasSeen('cheap')).toBe(true);
    expect(known.isWorthwhile('dear', 5_000, poorest.weight)).toBe(true);
  });

  test('may pay nothing while there is room', () => {
    expect(known.isWorthwhile('free', 0, 400)).toBe(true);
  });

  test('are bounded in bytes as well', () => {
    const size = transaction(1).data.length;
    known = new KnownTransactions({ transactions: 1_000, bytes: size * 20 });
    for (let count = 0; count < 100; count += 1) add(count);
    expect(known.bytes).toBeLessThanOrEqual(size * 20);
    expect(known.bytes).toBe(known.size * size);
  });

  test('that were left out are worth another look when there is room again', () => {
    const all = Array.from({ length: 21 }, (_, index) => add(1_000 + index));
    const [poorest] = all as [CheckedTransaction];
    const left = new Set([shown(poorest)]);
    known.reconcile(left, 0);
    known.reconcile(left, LIMITS.departedTtlMs);
    expect(known.size).toBe(0);
    known.reconcile(left, LIMITS.departedTtlMs);
    expect(known.hasSeen(shown(poorest))).toBe(false);
    expect(known.isWorthwhile(shown(poorest), 1, poorest.weight)).toBe(true);
  });

  test('that left the mempool stay for a while, and for good when they come back', () => {
    const gone = add(1);
    const back = add(2);
    known.depart(shown(gone), 0);
    known.depart(shown(back), 0);
    known.reconcile(new Set([shown(back)]), LIMITS.departedTtlMs - 1);
    expect([known.get(gone.wtxid), known.get(back.wtxid)]).toEqual([gone, back]);
    known.reconcile(new Set([shown(back)]), LIMITS.departedTtlMs);
    expect([known.get(gone.wtxid), known.get(back.wtxid)]).toEqual([undefined, back]);
  });

  test('that left the mempool go before those that pay little', () => {
    const all = Array.from({ length: 20 }, (_, index) => add(1 + index));
    const dearest = all.at(-1);
    if (dearest === undefined) throw new Error('none');
    known.depart(shown(dearest), 0);
    add(100);
    expect(known.get(dearest.wtxid)).toBeUndefined();
    expect(known.hasSeen(shown(dearest))).toBe(false);
  });

  test('have one witness at a time, as in the mempool', () => {
    const one = add(1);
    const other = { ...one, wtxid: 'x'.repeat(32) };
    known.add(other, 1);
    expect([known.get(one.wtxid), known.get(other.wtxid), known.size]).toEqual([undefined, other, 1]);
    expect(known.bytes).toBe(one.data.length);
  });
});

describe('validated transactions', () => {
  test('go when they are mined or nobody used them for long', () => {
    const validated = new RecentTransactions(BOUNDS);
    const [mined, old, used] = [transaction(), transaction(), transaction()];
    for (const one of [mined, old, used]) validated.use(one, 0);
    validated.use(used, 1);
    validated.sweep(new Set([mined.txid]), 0);
    expect([mined, old, used].map(({ wtxid }) => validated.get(wtxid))).toEqual([undefined, old, used]);
    validated.sweep(new Set(), LIMITS.validatedTtlMs);
    expect([validated.get(old.wtxid), validated.get(used.wtxid)]).toEqual([undefined, used]);
    expect(validated.bytes).toBe(used.data.length);
  });

  test('are bounded: the least recently used go first', () => {
    const validated = new RecentTransactions(BOUNDS);
    const first = transaction();
    const second = transaction();
    validated.use(first, 0);
    validated.use(second, 0);
    validated.use(first, 0);
    for (let count = 0; count < LIMITS.maxValidatedTransactions - 1; count += 1) validated.use(transaction(), 0);
    expect(validated.size).toBe(LIMITS.maxValidatedTransactions);
    expect([validated.get(first.wtxid), validated.get(second.wtxid)]).toEqual([first, undefined]);
  });
});

describe('held jobs', () => {
  test('share their transactions and let go of each with the last job that has it', () => {
    const jobs = new HeldJobs();
    const [a, b, c] = [transaction(), transaction(), transaction()];
    jobs.hold(1, [a, b]);
    jobs.hold(2, [{ ...b, data: b.data.slice() }, c]);
    const both = jobs.bytes;
    jobs.release(2);
    const first = jobs.bytes;
    jobs.hold(2, [b, c]);
    expect(jobs.bytes).toBe(both);
    // Of the second only one transaction is its own.
    expect(both - first).toBeLessThan(first);
    jobs.release(1);
    jobs.release(1);
    expect([a, b, c].map(({ wtxid }) => jobs.get(wtxid))).toEqual([undefined, b, c]);
    jobs.release(2);
    expect([jobs.size, jobs.bytes]).toEqual([0, 0]);
  });

  test('count for what they weigh in memory: many small transactions weigh far more than their bytes', () => {
    const jobs = new HeldJobs();
    jobs.hold(
      1,
      Array.from({ length: 1_000 }, () => transaction()),
    );
    expect(jobs.bytes).toBeGreaterThan(1_000 * 700);
  });
});
