import { BitcoinError, sha256d } from '@sv2kit/bitcoin';
import type { WorkTemplate } from '@sv2kit/mining';
import { expect, test } from 'vitest';
import { TransactionStore } from '../src/index.ts';
import { newTemplate } from './support.ts';

const template = (id: number): WorkTemplate => newTemplate(id, 100, false);
const never = new AbortController().signal;

/** Sixty bytes that spend one output. */
function transaction(spends: number, version = 2): Uint8Array {
  const data = new Uint8Array(60).fill(spends, 5, 41);
  data[0] = version;
  return data;
}

test('has no ids to tell of what is no transaction, and says so only to who asks', () => {
  const store = new TransactionStore();
  const one = template(1);
  store.put(one, [transaction(1)]);
  const [known] = store.get(one)?.known ?? [];
  expect(known?.data).toEqual(transaction(1));
  expect(() => known?.txid).toThrow(BitcoinError);
  const whole = Uint8Array.from(
    Buffer.from(
      `0100000001${'11'.repeat(32)}0000000000ffffffff01e80300000000000001510000 0000`.replace(' ', ''),
      'hex',
    ),
  );
  const two = template(2);
  store.put(two, [whole]);
  const [read] = store.get(two)?.known ?? [];
  expect(read).toMatchObject({ txid: sha256d(whole), wtxid: sha256d(whole), weight: 4 * whole.length });
});

test('keeps one copy of a transaction for all templates that hold it, and hashes it once', () => {
  const store = new TransactionStore();
  const [first, second] = [template(1), template(2)];
  const received = [transaction(1), transaction(2), transaction(3)];
  store.put(first, received);
  const wtxids = store.get(first)?.wtxids;
  expect(wtxids).toEqual(received.map((each) => sha256d(each)));
  store.put(second, [transaction(3), transaction(1), transaction(4)]);
  const [a, b] = [store.get(first), store.get(second)];
  expect(b?.data[0]).toBe(a?.data[2]);
  expect(b?.data[1]).toBe(a?.data[0]);
  expect(b?.wtxids[0]).toBe(wtxids?.[2]);
  expect(b?.wtxids[2]).toEqual(sha256d(transaction(4)));
});

test('works ids out a few at a time, for those who must not hold the loop; known ones cost nothing', () => {
  const store = new TransactionStore();
  const [first, second] = [template(1), template(2)];
  store.put(first, [transaction(1), transaction(2)]);
  expect(store.get(first)?.hashSome(2)).toBe(true);
  store.put(
    second,
    [1, 3, 2, 4, 5].map((spends) => transaction(spends)),
  );
  const content = store.get(second);
  expect([content?.hashSome(2), content?.hashSome(1), content?.hashSome(0)]).toEqual([false, true, true]);
});

test('a transaction that replaces another of the same input is another one', () => {
  const store = new TransactionStore();
  const [first, second] = [template(1), template(2)];
  store.put(first, [transaction(1)]);
  store.put(second, [transaction(1, 1)]);
  expect(store.get(second)?.wtxids).toEqual([sha256d(transaction(1, 1))]);
});

test('what was received may be overwritten, excess data too', () => {
  const store = new TransactionStore();
  const [data, excess] = [transaction(1), Uint8Array.of(1, 2)];
  const of = template(1);
  store.put(of, [data], excess);
  data.fill(0);
  excess.fill(0);
  expect([store.get(of)?.data, store.get(of)?.excessData]).toEqual([[transaction(1)], Uint8Array.of(1, 2)]);
});

test('everybody who waits is answered, and one who gives up takes nobody along', async () => {
  const store = new TransactionStore();
  const of = template(1);
  const impatient = new AbortController();
  const waits = [store.wait(of, impatient.signal), store.wait(of, never)];
  impatient.abort();
  expect(await waits[0]).toBeUndefined();
  store.put(of, []);
  expect((await waits[1])?.data).toEqual([]);
  const refused = store.wait(template(2), AbortSignal.abort());
  expect(await refused).toBeUndefined();
});

test('keeps the latest templates only', () => {
  const store = new TransactionStore(2);
  const templates = [template(1), template(2), template(3)];
  for (const each of templates) store.put(each, [transaction(1)]);
  expect(templates.map((each) => store.has(each))).toEqual([false, true, true]);
});
