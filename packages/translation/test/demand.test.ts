import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AGGREGATE_DEMAND, Demand, MINER_DEMAND } from '../src/index.ts';
import { NOW } from './support.ts';

describe("a channel's nominal hashrate (§5.3.7)", () => {
  test('is said on every change, once a second at most', () => {
    const demand = new Demand(AGGREGATE_DEMAND, 0, NOW);
    demand.join(1e12);
    expect(demand.due(NOW + 999)).toBeUndefined();
    demand.join(2e12);
    expect(demand.due(NOW + 1_000)).toBe(Math.fround(3e12));
    demand.change(2e12, 4e12);
    expect(demand.due(NOW + 1_500)).toBeUndefined();
    expect(demand.due(NOW + 2_000)).toBe(Math.fround(5e12));
    expect(demand.due(NOW + 9_000)).toBeUndefined();
  });

  test('is 0.0 when no miner is left, however sums were rounded', () => {
    const rates = fc.array(fc.double({ min: 1e-3, max: 1e18, noNaN: true }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(rates, (hashrates) => {
        const demand = new Demand(AGGREGATE_DEMAND, 0, NOW);
        for (const hashrate of hashrates) demand.join(hashrate);
        const said = demand.due(NOW + 1_000) ?? 0;
        expect(said / hashrates.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 5);
        for (const hashrate of hashrates) demand.leave(hashrate);
        expect([demand.miners, demand.hashrate, demand.due(NOW + 2_000)]).toEqual([0, 0, 0]);
      }),
    );
  });

  test("of one miner's channel is said again when it is a tenth off, or nothing", () => {
    const demand = new Demand(MINER_DEMAND, 1e12, NOW);
    demand.join(1e12);
    demand.change(1e12, 1.09e12);
    expect(demand.due(NOW + 1_000)).toBeUndefined();
    demand.change(1.09e12, 1.2e12);
    expect(demand.due(NOW + 1_000)).toBe(Math.fround(1.2e12));
    demand.leave(1.2e12);
    expect(demand.due(NOW + 2_000)).toBe(0);
  });

  test('is said though the clock has gone back', () => {
    const demand = new Demand(AGGREGATE_DEMAND, 0, NOW);
    demand.join(5);
    expect(demand.due(NOW - 3_600_000)).toBe(5);
  });

  test('starts anew with another channel', () => {
    const demand = new Demand(AGGREGATE_DEMAND, 0, NOW);
    demand.join(5);
    demand.restart(5, NOW + 10_000);
    expect(demand.due(NOW + 20_000)).toBeUndefined();
    demand.join(5);
    expect(demand.due(NOW + 20_000)).toBe(10);
  });
});
