import { describe, expect, test } from 'vitest';
import { HashrateMeter, MEASURED_MS, NominalHashrate } from '../src/hashrate.ts';
import { Pacer } from '../src/pacer.ts';

describe('Pacer', () => {
  test('makes as many hashes a second as it is allowed, whatever the chunks', () => {
    for (const chunk of [4, 100, 5000]) {
      const pacer = new Pacer(50_000);
      let nowMs = 1000;
      let hashes = 0;
      while (nowMs < 61_000) {
        hashes += chunk;
        nowMs += 0.001;
        pacer.spend(chunk, nowMs);
        nowMs += Math.max(pacer.delayMs(nowMs), 0);
      }
      expect(Math.abs(hashes / 60 / 50_000 - 1)).toBeLessThan(0.003);
    }
  });
  test('does not make up for time in which there was nothing to do', () => {
    const pacer = new Pacer(1000);
    pacer.spend(4, 0);
    let hashes = 0;
    for (let nowMs = 60_000; pacer.delayMs(nowMs) <= 0; hashes += 4) pacer.spend(4, nowMs);
    expect(hashes).toBeLessThanOrEqual(104);
  });
  test('without a limit it never waits', () => {
    const pacer = new Pacer(Infinity);
    pacer.spend(1e9, 5);
    expect(pacer.delayMs(5)).toBeLessThanOrEqual(0);
  });
});

describe('HashrateMeter', () => {
  test('measures over the last minute', () => {
    const meter = new HashrateMeter();
    for (let second = 0; second <= 200; second++) meter.sample(Math.min(second, 100) * 1000, second * 1000);
    expect(meter.rate(MEASURED_MS)).toBe(0);
  });
  test('says nothing before the time that is asked for, nor after a restart', () => {
    const meter = new HashrateMeter();
    meter.sample(0, 0);
    meter.sample(9000, 9000);
    expect(meter.rate(MEASURED_MS)).toBeUndefined();
    meter.sample(10_000, 10_000);
    expect(meter.rate(MEASURED_MS)).toBe(1000);
    meter.restart();
    expect(meter.rate(MEASURED_MS)).toBeUndefined();
  });
});

describe('NominalHashrate (§5.3.7)', () => {
  test('changes for a material difference only, and not oftener than every half minute', () => {
    const nominal = new NominalHashrate(1000, 0);
    expect(nominal.adopt(2000, 29_999)).toBe(false);
    expect(nominal.adopt(1099, 30_000)).toBe(false);
    expect(nominal.adopt(901, 30_000)).toBe(false);
    expect(nominal.adopt(1101, 30_000)).toBe(true);
    expect(nominal.value).toBe(1101);
    expect(nominal.adopt(500, 59_999)).toBe(false);
    expect(nominal.adopt(500, 60_000)).toBe(true);
  });
});
