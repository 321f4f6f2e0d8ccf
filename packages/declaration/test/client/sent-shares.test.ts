import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SentShares } from '../../src/client/sent-shares.ts';

test('a success answers every share up to its number, an error its own (§5.3.13, §5.3.14)', () => {
  const sent = new SentShares(10);
  for (const n of [1, 2, 3, 4]) sent.sent(n, { work: n, sentMs: n * 10 });
  expect(sent.rejected(2)).toEqual({ work: 2, sentMs: 20 });
  expect(sent.accepted(3)).toEqual([
    { work: 1, sentMs: 10 },
    { work: 3, sentMs: 30 },
  ]);
  expect(sent.oldestMs).toBe(40);
  expect(sent.accepted(99)).toEqual([]);
  expect(sent.abandon()).toEqual([{ work: 4, sentMs: 40 }]);
});

test('a success may name a number that an error has answered, and numbers wrap (§5.3.13)', () => {
  const sent = new SentShares(10);
  for (const n of [0xfffffffe, 0xffffffff, 0, 1]) sent.sent(n, { work: n, sentMs: 0 });
  sent.rejected(0);
  expect(sent.accepted(0).map(({ work }) => work)).toEqual([0xfffffffe, 0xffffffff]);
  expect(sent.size).toBe(1);
});

test('no share is answered twice or forgotten, however the pool answers', () => {
  const answer = fc.record({ ok: fc.boolean(), number: fc.nat(60) });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.array(answer), (count, answers) => {
      const sent = new SentShares(20);
      let out = 0;
      for (let n = 0; n < count; n += 1) if (sent.sent(n, { work: 1, sentMs: n }) !== undefined) out += 1;
      for (const { ok, number } of answers) {
        if (ok) out += sent.accepted(number).length;
        else if (sent.rejected(number) !== undefined) out += 1;
      }
      expect(sent.size).toBeLessThanOrEqual(20);
      expect(out + sent.abandon().length).toBe(count);
    }),
  );
});
