import { describe, expect, test } from 'vitest';
import { type CoinbaseConstraints, coinbaseSpace } from '../src/index.ts';
import { Reservations } from '../src/reservations.ts';
import { brief, drain, NOW, publisher, SMALL, template, transaction } from './builders.ts';
import { held, paying, SMALL_SPACE, two, WIDE, WIDE_SPACE } from './held.ts';

describe('what held templates should keep free', () => {
  test('is what the clients need, each need once, smallest first', () => {
    const server = publisher();
    expect(server.wanted()).toEqual([]);
    for (const [id, constraints] of [WIDE, SMALL, WIDE, SMALL].entries()) {
      drain(server.setConstraints(id, constraints, NOW));
    }
    expect(server.wanted()).toMatchObject([SMALL_SPACE, WIDE_SPACE]);
  });

  test('is forgotten with the last client that needs it, whether it leaves or asks for something else', () => {
    const server = two();
    drain(server.setConstraints(3, WIDE, NOW));
    server.remove(2);
    expect(server.wanted()).toMatchObject([SMALL_SPACE, WIDE_SPACE]);
    drain(server.setConstraints(3, SMALL, NOW));
    expect(server.wanted()).toMatchObject([SMALL_SPACE]);
    server.remove(1);
    server.remove(3);
    server.remove(3);
    expect(server.wanted()).toEqual([]);
  });

  test('beyond the limit, near needs share: one client with huge outputs costs the others nothing', () => {
    const server = publisher({ limits: { reservations: 2 } });
    const sizes = [100, 400_000, 130, 110];
    for (const [id, size] of sizes.entries()) {
      const constraints = { coinbaseOutputMaxAdditionalSize: 1000 + size, coinbaseOutputMaxAdditionalSigops: 9 - id };
      drain(server.setConstraints(id, constraints, NOW));
    }
    expect(server.wanted()).toMatchObject([
      { weight: 1168 + 4 * 1130, sigops: 9 },
      { weight: 1168 + 4 * 401_000, sigops: 8 },
    ]);
    const [first] = server.wanted();
    if (first === undefined) throw new Error('nothing is wanted');
    expect(brief(server.publish(held(800_000, first, paying(1n)), NOW))).toEqual([
      'tip>0,2,3: +100 @100',
      'ahead>0,2,3: +101',
    ]);
  });
});

describe('an honest client among 63 that ask for whatever hurts it most', () => {
  const HONEST: CoinbaseConstraints = { coinbaseOutputMaxAdditionalSize: 1000, coinbaseOutputMaxAdditionalSigops: 4 };
  const spread = (id: number) => Math.round((id / 64) * 998_000);
  test.for<[string, (id: number) => CoinbaseConstraints]>([
    ['sizes at even distances', (id) => ({ ...HONEST, coinbaseOutputMaxAdditionalSize: spread(id) })],
    [
      'sizes that grow by the same factor',
      (id) => ({ ...HONEST, coinbaseOutputMaxAdditionalSize: Math.round(1000 * 1.115 ** id) }),
    ],
    [
      'its size, and all the sigops there are',
      (id) => ({ coinbaseOutputMaxAdditionalSize: 968 + id, coinbaseOutputMaxAdditionalSigops: (id % 2) * 65_535 }),
    ],
    [
      'its size, and sigops at even distances',
      (id) => ({ ...HONEST, coinbaseOutputMaxAdditionalSigops: 4 + id * 1000 }),
    ],
  ])('%s: shares with its like, for less than a hundredth of the block', ([, ask]) => {
    const reservations = new Reservations(8);
    const need = reservations.add(coinbaseSpace(HONEST));
    for (let id = 1; id < 64; id++) reservations.add(coinbaseSpace(ask(id)));
    expect(reservations.wanted.length).toBeLessThanOrEqual(8);
    expect(reservations.wanted).toContain(need.reservation);
    expect(need.reservation.weight).toBeLessThan(40_000);
    expect(need.reservation.sigops).toBeLessThan(800);
  });
});

describe('1,000 clients', () => {
  function many(step: number) {
    const server = publisher({ emptyAhead: false });
    for (let id = 0; id < 1000; id++) {
      const coinbaseOutputMaxAdditionalSize = 1000 + id * step;
      drain(server.setConstraints(id, { ...SMALL, coinbaseOutputMaxAdditionalSize }, NOW));
    }
    return server;
  }

  test('of one need get one template, in one delivery', () => {
    const server = many(0);
    const [reserve, ...others] = server.wanted();
    if (reserve === undefined) throw new Error('nothing is wanted');
    expect(others).toEqual([]);
    const deliveries = drain(server.publish(held(800_000, reserve, paying(5n)), NOW));
    expect(deliveries.map(({ clients }) => clients.length)).toEqual([1000]);
    expect(server.view().templates).toBe(1);
  });

  test('of 1,000 needs cost eight, whoever cuts the templates to them', () => {
    const large = [transaction({ name: 'large', weight: 3_000_000 }), transaction({ name: 'small', weight: 900_000 })];
    const byUs = many(250);
    const wanted = byUs.wanted();
    expect(wanted).toHaveLength(8);
    drain(byUs.publish(template(800_000, large), NOW));
    expect(byUs.view().templates).toBeLessThanOrEqual(8);
    const byNode = many(250);
    for (const reserve of wanted) drain(byNode.publish(held(800_000, reserve, paying(5n)), NOW));
    expect(byNode.view().templates).toBe(8);
  });
});
