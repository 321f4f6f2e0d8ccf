import { workOf } from '@sv2kit/payout';
import { expect, test } from 'vitest';
import type { JournalRecord } from '../../src/index.ts';
import { openProjection } from '../../src/database/open-projection.ts';
import type { Projection } from '../../src/database/projection.ts';
import { onBothDatabases } from './databases.ts';
import { accepted, found, hashOf, opened, placed, rejected, started } from './entries.ts';
import { T0 } from './journals.ts';

const MINUTE = 60_000;
/** A time at which an hour begins. */
const HOUR = T0 - (T0 % (60 * MINUTE));

/** Three hours of a share a minute by two workers, with a block in the second hour. */
function threeHours(): JournalRecord[] {
  const records = [started(), opened(1), opened(2, 'bc1qb')];
  for (let minute = 0; minute < 180; minute++) {
    const timeMs = HOUR + minute * MINUTE;
    records.push(accepted(1 + (minute % 2), { timeMs, difficulty: 1.1 }), rejected(1, 'stale-share', timeMs));
    if (minute === 90) records.push(found(1, hashOf(9), timeMs));
  }
  return records;
}

const WEEK = { sharesDays: 7, minutesDays: 35, journalDays: 0 };
const DAY = 86_400_000;

/** A share a day, from one day to another. */
function daily(from: number, to: number): JournalRecord[] {
  return Array.from({ length: to - from + 1 }, (_, day) => accepted(1, { timeMs: T0 + (from + day) * DAY }));
}

/** Days of the single shares that are still listed. */
async function daysLeft(projection: Projection): Promise<number[]> {
  const { items } = await projection.query('shares', { offset: 0, limit: 100 });
  return items.map(({ timeMs }) => (timeMs - T0) / DAY);
}

async function sumsOf(projection: Projection): Promise<unknown> {
  return await projection.snapshot((reader) =>
    reader.all(
      `SELECT worker, CAST(sum(shares) AS BIGINT) AS shares, ${reader.dialect.sum('work')} AS work, max(best) AS best
      FROM work GROUP BY worker ORDER BY worker`,
    ),
  );
}

onBothDatabases(({ fresh }) => {
  test('minutes become hours between blocks, sums stay exact, and the open slice goes on', async () => {
    await using projection = await openProjection(await fresh());
    const entries = placed(threeHours());
    await projection.apply(entries);
    const before = await sumsOf(projection);
    const history = await projection.query('worker', { user: 'bc1qa' });
    const retention = { sharesDays: 7, minutesDays: 0, journalDays: 0 };
    const retained = await projection.retain(retention);
    expect(retained).toEqual({ shares: 0, slices: 117 });
    const slices = await projection.snapshot((reader) => reader.all('SELECT * FROM slices ORDER BY id LIMIT 4'));
    const minute = HOUR / MINUTE;
    expect(slices.map(({ minute: begin, span, shares, ended_by }) => [begin, span, shares, ended_by])).toEqual([
      [minute, 60, 60, null],
      [minute + 60, 60, 31, entries.find(({ record }) => record.type === 'BlockFound')?.position],
      [minute + 60, 60, 29, null],
      [minute + 120, 1, 1, null],
    ]);
    expect(await sumsOf(projection)).toEqual(before);
    const rolled = await projection.query('worker', { user: 'bc1qa' });
    expect(rolled).toMatchObject({ work: workOf(1.1) * 90n, rejectedByCode: { 'stale-share': 180 } });
    expect(rolled?.history.length).toBeLessThan(history?.history.length ?? 0);
    expect(await projection.retain(retention)).toEqual({ shares: 0, slices: 0 });
    await projection.apply(placed([accepted(1, { timeMs: HOUR + 179 * MINUTE })], entries.length + 1));
    expect((await projection.query('totals', {})).accepted).toBe(181);
  });

  test('single shares go after their days, and nothing else', async () => {
    await using projection = await openProjection(await fresh());
    await projection.apply(placed([started(), opened(1), rejected(1, 'stale-share'), ...daily(0, 9)]));
    const before = await sumsOf(projection);
    expect(await projection.retain(WEEK)).toEqual({ shares: 2, slices: 0 });
    expect(await sumsOf(projection)).toEqual(before);
    expect(await daysLeft(projection)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(await projection.query('totals', {})).toMatchObject({ accepted: 10, rejected: 1 });
    // Of the records too, which files of the journal hold.
    expect(await projection.firstWithin(7)).toBe(5);
    expect(await projection.firstWithin(30)).toBe(0);
  });

  test('a clock that is a year ahead makes what was recorded a day older, and so does a silent year', async () => {
    await using projection = await openProjection(await fresh());
    await projection.apply(placed([started(), opened(1), ...daily(0, 3), ...daily(365, 367)]));
    expect(await projection.retain(WEEK)).toEqual({ shares: 0, slices: 0 });
    // It is set right: the days that follow count as days again.
    await projection.apply(placed(daily(4, 7), 10));
    expect(await projection.retain(WEEK)).toEqual({ shares: 1, slices: 0 });
    expect(await projection.firstWithin(7)).toBe(4);
  });

  test('a clock that was a day behind for an hour removes nothing before its time', async () => {
    await using projection = await openProjection(await fresh());
    await projection.apply(placed([started(), opened(1), ...daily(0, 3), ...daily(2, 2), ...daily(3, 6)]));
    expect(await projection.retain(WEEK)).toEqual({ shares: 0, slices: 0 });
  });

  test('an empty ledger keeps nothing and removes nothing', async () => {
    await using projection = await openProjection(await fresh());
    const nothing = await projection.retain({ sharesDays: 0, minutesDays: 0, journalDays: 0 });
    expect(nothing).toEqual({ shares: 0, slices: 0 });
  });
});
