import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Allowance } from '../src/to-v2/allowance.ts';
import { FanOut } from '../src/to-v2/fan-out.ts';
import { RejectionWatch } from '../src/to-v2/rejection-watch.ts';
import { SentShares } from '../src/to-v2/sent-shares.ts';
import { Sessions } from '../src/to-v2/sessions.ts';
import { Tally } from '../src/to-v2/totals.ts';

describe('shares of a shared channel (§5.3.13, §5.3.14)', () => {
  test('each is credited or rejected once, to whom it belongs, also when sequence numbers begin again', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ rejects: fc.boolean(), batch: fc.integer({ min: 1, max: 5 }) }), { maxLength: 40 }),
        fc.constantFrom(0, 0xffff_fff0),
        (answers, start) => {
          const sent = new SentShares<number>(256);
          const settled: number[] = [];
          sent.accepted(start, () => {});
          let next = start;
          for (const { rejects, batch } of answers) {
            const first = (next + 1) >>> 0;
            for (let i = 0; i < batch; i += 1) {
              next = (next + 1) >>> 0;
              sent.sent(next, next);
            }
            if (rejects) settled.push(sent.rejected(first) ?? -1);
            sent.accepted(next, (owner) => void settled.push(owner));
          }
          expect(new Set(settled).size).toBe(settled.length);
          expect(settled.length).toBe(answers.reduce((sum, { batch }) => sum + batch, 0));
        },
      ),
    );
  });

  test('one that was not sent, or is answered again, belongs to nobody', () => {
    const sent = new SentShares<string>(4);
    sent.sent(1, 'a');
    expect([sent.rejected(1), sent.rejected(1), sent.rejected(9)]).toEqual(['a', undefined, undefined]);
    sent.accepted(0xffff_ffff, () => expect.unreachable());
  });
});

test('fan-out lets the loop go on between its slices, and serves in order, whatever becomes of one', async () => {
  const order: string[] = [];
  const done = Promise.withResolvers<number>();
  const fanOut = new FanOut(
    (_, count) => done.resolve(count),
    2,
    () => 0,
  );
  const failed: string[] = [];
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    const serve = (): void => {
      order.push(name);
      if (name === 'b') throw new Error('a bug');
    };
    fanOut.add({ serve, failed: () => void failed.push(name) });
  }
  expect(order).toEqual([]);
  setImmediate(() => order.push('between'));
  expect(await done.promise).toBe(5);
  expect(order).toEqual(['a', 'b', 'between', 'c', 'd', 'e']);
  expect(failed).toEqual(['b']);
});

test('when others have kept the event loop for long, a fan-out goes on for as long', async () => {
  const done = Promise.withResolvers<void>();
  let now = 0;
  const order: string[] = [];
  const fanOut = new FanOut(
    () => done.resolve(),
    1,
    () => now,
  );
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    const serve = (): void => {
      order.push(name);
      now += 10;
    };
    fanOut.add({ serve, failed: () => expect.fail('nothing fails here') });
  }
  now += 25;
  setImmediate(() => order.push('between'));
  await done.promise;
  expect(order).toEqual(['a', 'b', 'c', 'between', 'd', 'e']);
});

test('an allowance is so much per second, after a burst', () => {
  const allowance = new Allowance(10, 20, 0);
  expect(allowance.take(20, 0)).toBe(true);
  expect(allowance.take(1, 0)).toBe(false);
  expect(allowance.take(10, 1_100)).toBe(true);
  expect(allowance.take(1, 1_100)).toBe(false);
  expect(allowance.take(1, 500)).toBe(false);
  expect(allowance.take(20, 60_000)).toBe(true);
});

test('sessions remember a difficulty once, and the oldest are forgotten', () => {
  const sessions = new Sessions(2);
  const [a, b, c] = [sessions.newId(), sessions.newId(), sessions.newId()];
  expect(new Set([a, b, c, new Sessions().newId()]).size).toBe(4);
  for (const [session, difficulty] of [
    [a, 1],
    [b, 2],
    [a, 3],
    [c, 4],
  ] as const)
    sessions.keep(session, difficulty);
  expect([sessions.take(a), sessions.take(a), sessions.take(b), sessions.take(c)]).toEqual([
    3,
    undefined,
    undefined,
    4,
  ]);
});

test('names beyond the most are counted together', () => {
  const tally = new Tally(2);
  for (const name of ['a', 'b', 'c', 'd', 'a']) tally.add(name);
  expect(tally.facts()).toEqual({ a: 2, b: 1, other: 2 });
  expect(tally.sum).toBe(5);
});

describe('an upstream is judged by its rejections', () => {
  const minute = 60_000;

  test('of enough shares over enough time', () => {
    const watch = new RejectionWatch(0.5, 0);
    for (let i = 0; i < 60; i += 1) watch.rejected(1_000);
    expect(watch.judge(2_000)).toBeUndefined();
    expect(watch.judge(minute)).toBe(1);
    for (let i = 0; i < 49; i += 1) watch.rejected(minute + 1);
    expect(watch.judge(9 * minute)).toBeUndefined();
  });

  test('not by those about a tip', () => {
    const watch = new RejectionWatch(0.5, 0);
    for (let i = 0; i < 100; i += 1) watch.rejected(10_000);
    watch.tipChanged(10_500);
    for (let i = 0; i < 100; i += 1) watch.rejected(14_000);
    watch.accepted(60);
    expect(watch.judge(minute)).toBeUndefined();
  });

  test('never where all may be rejected', () => {
    const watch = new RejectionWatch(1, 0);
    for (let i = 0; i < 100; i += 1) watch.rejected(10_000);
    expect(watch.judge(minute)).toBeUndefined();
  });
});
