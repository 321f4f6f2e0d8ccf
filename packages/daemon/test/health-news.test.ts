import { expect, test } from 'vitest';
import { REASON_NEWS_MS } from '../src/health.ts';
import { Health, VirtualClock } from '../src/index.ts';

function site() {
  const clock = new VirtualClock(0);
  const health = new Health(clock);
  const condition = health.condition('templates');
  const told: (string | undefined)[] = [];
  health.onChange(({ ok, reason }) => told.push(ok ? 'ok' : reason));
  return { clock, health, condition, told };
}

test('a reason that changes every second is told once a minute, and health has the latest', () => {
  const { clock, health, condition, told } = site();
  for (let second = 0; second < 180; second += 1) {
    condition.failing(`for ${second} s`, 'no-template');
    clock.advance(1_000);
  }
  expect(told).toEqual(['for 0 s', 'for 59 s', 'for 119 s', 'for 179 s']);
  expect(health.report().reason).toBe('templates: for 179 s');
});

test('a reason that came too soon to be told is told later, unless there is other news before', () => {
  const { clock, condition, told } = site();
  condition.failing('starting');
  condition.failing('refused');
  clock.advance(REASON_NEWS_MS);
  expect(told).toEqual(['starting', 'refused']);
  condition.failing('away');
  condition.ok();
  clock.advance(10 * REASON_NEWS_MS);
  expect(told).toEqual(['starting', 'refused', 'ok']);
  expect(clock.pending).toBe(0);
});

test('another code, and whether the service goes on, are told at once', () => {
  const { condition, told } = site();
  condition.failing('away', 'node-away');
  condition.failing('stale', 'template-too-old');
  condition.lacking('stale but served', 'template-too-old');
  condition.ok();
  condition.failing('away', 'node-away');
  expect(told).toEqual(['away', 'stale', 'stale but served', 'ok', 'away']);
});

test('nothing is left to be told when the service stops, or when the condition is gone', () => {
  const { clock, health, condition, told } = site();
  const other = health.condition('other');
  for (const each of [condition, other]) {
    each.failing('away');
    each.failing('refused');
  }
  other.remove();
  health.stopping();
  condition.failing('closed');
  expect([clock.pending, told]).toEqual([0, ['away', 'away']]);
});
