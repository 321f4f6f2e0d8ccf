import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenStock } from '../../src/client/token-stock.ts';

const policy = { wanted: 3, maxAgeMs: 300_000, answerMs: 10_000 };
const answer = (requestId: number, outputs = Uint8Array.of(1), token = Uint8Array.of(requestId)) =>
  ({ type: 'AllocateMiningJobTokenSuccess', requestId, miningJobToken: token, coinbaseTxOutputs: outputs }) as const;

test('asks for as many tokens as are wanted, and for one more after each use (§6.4.2)', () => {
  const stock = new TokenStock(policy);
  expect(stock.refill(0)).toEqual([1, 2, 3]);
  expect(stock.refill(0)).toEqual([]);
  for (const id of [1, 2, 3]) stock.receive(answer(id), 0);
  expect(stock.refill(0)).toEqual([]);
  expect(stock.take(1)?.token).toEqual(Uint8Array.of(1));
  expect(stock.refill(1)).toEqual([4]);
});

test('ignores a token that nobody asked for', () => {
  const stock = new TokenStock(policy);
  expect(stock.receive(answer(9), 0)).toEqual({ kind: 'unasked' });
  expect(stock.held(0)).toBe(0);
});

test('does not use a token that is older than five minutes, and says how many were thrown away', () => {
  const stock = new TokenStock(policy);
  stock.refill(0);
  stock.receive(answer(1), 0);
  stock.receive(answer(2), 200_000);
  expect(stock.take(300_001)?.token).toEqual(Uint8Array.of(2));
  expect(stock.discarded).toBe(1);
});

test('tokens for outputs that have changed since are not used (§6.4.3)', () => {
  const stock = new TokenStock(policy);
  stock.refill(0);
  expect(stock.receive(answer(1), 0)).toMatchObject({ kind: 'added', changed: true });
  expect(stock.receive(answer(2), 0)).toMatchObject({ kind: 'added', changed: false });
  expect(stock.receive(answer(3, Uint8Array.of(2)), 0)).toMatchObject({ kind: 'added', changed: true });
  expect(stock.held(0)).toBe(1);
  expect(stock.take(0)?.outputs).toEqual(Uint8Array.of(2));
  expect(stock.discarded).toBe(2);
});

test('a server owes a token only while there is none in hand (§6.2)', () => {
  const stock = new TokenStock(policy);
  stock.refill(0);
  expect(stock.overdue(10_000)).toBe(false);
  expect(stock.overdue(10_001)).toBe(true);
  stock.receive(answer(1), 10_002);
  expect(stock.overdue(20_000)).toBe(false);
  stock.take(20_000);
  expect(stock.overdue(20_000)).toBe(true);
});

test('keeps nothing of the message it came in', () => {
  const stock = new TokenStock(policy);
  stock.refill(0);
  const message = answer(1, Uint8Array.of(7), Uint8Array.of(5));
  stock.receive(message, 0);
  message.miningJobToken.fill(0);
  message.coinbaseTxOutputs.fill(0);
  expect(stock.take(0)).toMatchObject({ token: Uint8Array.of(5), outputs: Uint8Array.of(7) });
});

test('whatever comes in whatever order: never more than wanted is asked for or held, and no token is used twice', () => {
  const step = fc.oneof(
    fc.constant({ do: 'refill' as const }),
    fc.record({ do: fc.constant('answer' as const), nth: fc.nat(5), outputs: fc.nat(1) }),
    fc.constant({ do: 'take' as const }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.nat(200_000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const stock = new TokenStock(policy);
      const asked: number[] = [];
      const used = new Set<number>();
      let now = 0;
      for (const each of steps) {
        if (each.do === 'refill') asked.push(...stock.refill(now));
        if (each.do === 'wait') now += each.ms;
        if (each.do === 'answer') {
          const [id] = asked.splice(each.nth % Math.max(1, asked.length), 1);
          if (id !== undefined) stock.receive(answer(id, Uint8Array.of(each.outputs)), now);
        }
        if (each.do === 'take') {
          const token = stock.take(now);
          if (token !== undefined) {
            expect(now - token.receivedMs).toBeLessThanOrEqual(policy.maxAgeMs);
            expect(token.outputs).toBe(stock.outputs);
            expect(used.has(token.token[0] ?? -1)).toBe(false);
            used.add(token.token[0] ?? -1);
          }
        }
        expect(asked.length + stock.held(now)).toBeLessThanOrEqual(policy.wanted);
      }
    }),
  );
});
