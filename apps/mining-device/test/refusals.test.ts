import { Health, type Logger, silentLogger, VirtualClock } from '@sv2kit/daemon';
import { expect, test } from 'vitest';
import { ALL_REFUSED_MS, Refusals, REFUSALS_LINE_MS } from '../src/refusals.ts';

function site() {
  const clock = new VirtualClock(1_704_067_200_000);
  const health = new Health(clock);
  health.started();
  const lines: unknown[] = [];
  const log: Logger = { ...silentLogger, info: (_, fields) => void lines.push(fields) };
  const refusals = new Refusals(clock, log, health.condition('shares', undefined, 'shares-refused'));
  clock.every(1_000, () => refusals.look());
  return { clock, health, lines, refusals };
}

test('tens of thousands of refused shares are a line a minute with their number, by code', () => {
  const { clock, lines, refusals } = site();
  for (let share = 0; share < 40_000; share += 1) {
    refusals.refused(share % 4 === 0 ? 'stale-share' : 'ledger-unavailable', undefined);
    if (share % 200 === 199) clock.advance(1_000);
  }
  clock.advance(REFUSALS_LINE_MS);
  const codes = lines.map((line) => (line as { codes: Record<string, number> }).codes);
  expect(codes).toHaveLength(5);
  expect(codes[0]).toEqual({ 'stale-share': 1 });
  const sum = codes.flatMap((each) => Object.values(each)).reduce((total, count) => total + count, 0);
  expect(sum).toBe(40_000);
});

test('health says when every share is refused for a while, in words that stay, and when one is accepted again', () => {
  const { clock, health, refusals } = site();
  refusals.accepted();
  const reasons = new Set<string | undefined>();
  for (let second = 0; second < 300; second += 1) {
    refusals.refused('ledger-unavailable', undefined);
    clock.advance(1_000);
    reasons.add(health.report().reason);
  }
  expect([...reasons]).toEqual([
    undefined,
    'shares: the server has refused every share since 2024-01-01T00:00:00.000Z: ledger-unavailable',
  ]);
  expect(health.report().conditions).toMatchObject([{ code: 'shares-refused' }]);
  refusals.accepted();
  expect(health.report().state).toBe('ok');
});

test('a few refused shares among accepted ones, or a single one long ago, are no trouble of health', () => {
  const { clock, health, refusals } = site();
  for (let share = 0; share < 20; share += 1) {
    refusals.refused('stale-share', undefined);
    clock.advance(ALL_REFUSED_MS / 2);
    if (share % 2 === 1) refusals.accepted();
  }
  refusals.refused('other', 'Stale');
  clock.advance(10 * ALL_REFUSED_MS);
  expect(health.report().state).toBe('ok');
});

test("another server's shares are judged anew", () => {
  const { clock, health, lines, refusals } = site();
  for (let share = 0; share < 5; share += 1) refusals.refused('other', 'Unauthorized');
  clock.advance(ALL_REFUSED_MS);
  expect(health.report().reason).toMatch(/other \(Unauthorized\)/);
  refusals.restart();
  expect(health.report().state).toBe('ok');
  expect(lines).toEqual([
    { codes: { other: 1 }, last: 'other (Unauthorized)' },
    { codes: { other: 4 }, last: 'other (Unauthorized)' },
  ]);
});
