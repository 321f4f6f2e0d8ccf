import { workOf } from '@sv2kit/payout';
import { displayHash } from '@sv2kit/bitcoin';
import { expect, test } from 'vitest';
import { openProjection } from '../../src/database/open-projection.ts';
import { onBothDatabases } from './databases.ts';
import { accepted, became, found, hashOf, opened, placed, rejected, started } from './entries.ts';
import { T0 } from './journals.ts';

const MINUTE = 60_000;
const [LOST, KEPT] = [hashOf(9), hashOf(10)];
const JOURNAL = placed([
  started(1),
  opened(1, 'bc1qa'),
  opened(2, 'bc1qb'),
  accepted(1, { difficulty: 8, hash: hashOf(5) }),
  accepted(1, { difficulty: 8, worker: 'rig', hash: hashOf(6) }),
  rejected(1, 'stale-share'),
  accepted(2, { difficulty: 4, timeMs: T0 + MINUTE }),
  found(1, LOST, T0 + MINUTE),
  became(LOST, 'accepted', T0 + MINUTE),
  accepted(1, { difficulty: 16, timeMs: T0 + 2 * MINUTE }),
  became(LOST, 'orphaned', T0 + 2 * MINUTE),
  found(2, KEPT, T0 + 2 * MINUTE),
  accepted(2, { difficulty: 4, timeMs: T0 + 2 * MINUTE, hash: KEPT, isBlock: true, worker: 'lucky' }),
  became(KEPT, 'confirmed', T0 + 3 * MINUTE),
  started(2, T0 + 4 * MINUTE),
  opened(1, 'bc1qa', T0 + 4 * MINUTE),
  accepted(1, { difficulty: 32, timeMs: T0 + 4 * MINUTE, hash: hashOf(7) }),
  rejected(1, 'stale-share', T0 + 4 * MINUTE),
]);

onBothDatabases(({ fresh }) => {
  test('answers from one journal', async () => {
    await using projection = await openProjection(await fresh());
    await projection.apply(JOURNAL);
    const page = { offset: 0, limit: 10 };

    const workers = await projection.query('workers', { ...page, sort: 'name' });
    expect(workers.total).toBe(4);
    expect(workers.items.map(({ user, worker, accepted: shares, work }) => [user, worker, shares, work])).toEqual([
      ['bc1qa', '', 3, workOf(8 + 16 + 32)],
      ['bc1qa', 'rig', 1, workOf(8)],
      ['bc1qb', '', 1, workOf(4)],
      ['bc1qb', 'lucky', 1, workOf(4)],
    ]);
    expect((await projection.query('workers', { ...page, user: 'bc1qb' })).total).toBe(2);
    expect((await projection.query('workers', { offset: 1, limit: 1, sort: 'work' })).items[0]?.worker).toBe('rig');
    const strange = { ...page, sort: 'work; DROP TABLE workers' as 'work' };
    await expect(projection.query('workers', strange)).rejects.toThrow('have no order');
    expect(await projection.query('workers', { offset: 5, limit: 10 })).toEqual({ total: 4, items: [] });

    expect(await projection.query('worker', { user: 'bc1qa', sinceMs: T0 + 2 * MINUTE })).toMatchObject({
      rejected: 2,
      rejectedByCode: { 'stale-share': 2 },
      history: [
        { startMs: T0 + 2 * MINUTE, spanMs: MINUTE, shares: 1, difficulty: 16 },
        { startMs: T0 + 4 * MINUTE, spanMs: MINUTE, shares: 1, difficulty: 32 },
      ],
    });
    expect(await projection.query('worker', { user: 'nobody' })).toBeUndefined();

    expect(await projection.query('totals', {})).toMatchObject({
      position: JOURNAL.length,
      accepted: 6,
      rejected: 2,
      rejectedByCode: { 'stale-share': 2 },
      work: workOf(72),
      workers: 4,
      blocks: { confirmed: 1, orphaned: 1 },
    });
    expect(await projection.query('totals', { before: 2 })).toMatchObject({
      accepted: 5,
      rejectedByCode: { 'stale-share': 1 },
      work: workOf(40),
    });
  });

  test('a lost block ends no round; effort is of the network at its header', async () => {
    await using projection = await openProjection(await fresh());
    await projection.apply(JOURNAL);
    const { current, rounds } = await projection.query('rounds', {});
    expect(current).toEqual({ sinceMs: T0 + 2 * MINUTE, shares: 2, difficulty: 36 });
    expect(
      rounds.map(({ hash, status, roundDifficulty, effort, worker, revenue }) => {
        return [hash, status, roundDifficulty, effort, worker, revenue];
      }),
    ).toEqual([
      [displayHash(KEPT), 'confirmed', 36, 36, 'lucky', 5000n],
      [displayHash(LOST), 'orphaned', 20, 20, '', 5000n],
    ]);
    const block = await projection.query('block', { hash: displayHash(LOST) });
    expect(block?.events.map(({ status }) => status)).toEqual(['accepted', 'orphaned']);
    expect(await projection.query('block', { hash: 'no hash' })).toBeUndefined();
    expect((await projection.query('unsettledBlocks', {})).map(({ hash }) => hash)).toEqual([displayHash(KEPT)]);
    expect((await projection.query('unsettledBlocks', { sinceMs: T0 })).length).toBe(2);
  });

  test('shares are listed the latest first, of everybody, a user, a worker, an outcome, a time', async () => {
    await using projection = await openProjection(await fresh());
    await projection.apply(JOURNAL);
    const positions = async (args: Partial<Parameters<typeof projection.query<'shares'>>[1]>): Promise<number[]> => {
      const { items } = await projection.query('shares', { offset: 0, limit: 100, ...args });
      return items.map(({ position }) => position);
    };
    expect(await positions({})).toEqual([18, 17, 13, 10, 7, 6, 5, 4]);
    expect(await positions({ offset: 2, limit: 2 })).toEqual([13, 10]);
    expect(await positions({ user: 'bc1qa' })).toEqual([18, 17, 10, 6, 5, 4]);
    expect(await positions({ user: 'bc1qa', worker: 'rig' })).toEqual([5]);
    expect(await positions({ user: 'bc1qa', outcome: 'rejected' })).toEqual([18, 6]);
    expect(await positions({ outcome: 'stale-share', untilMs: T0 })).toEqual([6]);
    expect(await positions({ sinceMs: T0 + MINUTE, untilMs: T0 + 2 * MINUTE, outcome: 'accepted' })).toEqual([
      13, 10, 7,
    ]);
    expect(await positions({ user: 'no\0body', sinceMs: -1, untilMs: 1e300 })).toEqual([]);
  });

  test('a seed leaves out what the run that asks has done', async () => {
    await using projection = await openProjection(await fresh());
    await projection.apply(JOURNAL);
    const seeds = [];
    let after = 0;
    for (;;) {
      const { items, next } = await projection.query('seed', { sinceMs: T0, before: 2, after, limit: 3 });
      seeds.push(...items);
      if (next === undefined) break;
      after = next;
    }
    const m = T0 / MINUTE;
    expect(seeds).toMatchObject([
      {
        user: 'bc1qa',
        worker: '',
        accepted: 2,
        rejected: 1,
        work: workOf(24),
        minutes: Float64Array.of(m, 8, m + 2, 16),
      },
      { user: 'bc1qb', worker: '', accepted: 1, rejectedByCode: {}, minutes: Float64Array.of(m + 1, 4) },
      { user: 'bc1qa', worker: 'rig', accepted: 1, minutes: Float64Array.of(m, 8) },
      { user: 'bc1qb', worker: 'lucky', accepted: 1, minutes: Float64Array.of(m + 2, 4) },
    ]);
    // Its best share of all is of the second run.
    const [first] = seeds;
    expect(first?.bestDifficulty).toBe((await projection.query('worker', { user: 'bc1qb' }))?.bestDifficulty);
    expect(first?.lastShareAtMs).toBe(T0 + 2 * MINUTE);
  });

  test('user and worker are told apart the same way everywhere, whatever a channel was called', async () => {
    await using projection = await openProjection(await fresh());
    await projection.apply(
      placed([
        started(1),
        opened(1, 'bob.w1'),
        opened(2, 'bob', T0 + MINUTE),
        opened(3, 'bob-by'),
        accepted(1, { difficulty: 8, worker: 'w1', timeMs: T0 + MINUTE, hash: hashOf(5) }),
        accepted(2, { difficulty: 4, worker: 'w1', timeMs: T0 + 2 * MINUTE, hash: hashOf(6) }),
        rejected(2, 'stale-share', T0 + 2 * MINUTE),
        accepted(3, { difficulty: 2, timeMs: T0 + 2 * MINUTE }),
        found(1, KEPT, T0 + 2 * MINUTE),
        started(2, T0 + 3 * MINUTE),
      ]),
    );
    const page = { offset: 0, limit: 10 };
    const { total, items } = await projection.query('workers', { ...page, user: 'bob' });
    expect([total, items.map(({ user, worker, accepted: n, rejected: r }) => [user, worker, n, r])]).toEqual([
      2,
      [
        ['bob', 'w1', 2, 0],
        ['bob', '', 0, 1],
      ],
    ]);
    expect(items[0]).toMatchObject({ work: workOf(12), firstSeenMs: T0, lastShareAtMs: T0 + 2 * MINUTE });
    expect((await projection.query('workers', { ...page, user: 'bob.w1' })).total).toBe(0);
    expect(await projection.query('worker', { user: 'bob', worker: 'w1' })).toMatchObject({
      accepted: 2,
      history: [{ shares: 1 }, { shares: 1 }],
    });
    expect(await projection.query('worker', { user: 'bob.w1' })).toBeUndefined();
    const shares = await projection.query('shares', { ...page, user: 'bob', worker: 'w1' });
    expect(shares.items.map(({ user, worker }) => [user, worker])).toEqual([
      ['bob', 'w1'],
      ['bob', 'w1'],
    ]);
    expect((await projection.query('blocks', page)).items).toMatchObject([{ user: 'bc1qa', worker: '' }]);
    expect(await projection.query('totals', {})).toMatchObject({ workers: 3, sinceMs: T0 });
    const seeds = await projection.query('seed', { sinceMs: T0 });
    expect(seeds.items.map(({ user, worker, firstSeenMs }) => [user, worker, firstSeenMs - T0])).toEqual([
      ['bob', '', MINUTE],
      ['bob-by', '', 0],
      ['bob.w1', 'w1', 0],
      ['bob', 'w1', 0],
    ]);
  });

  test('a history has the work of everybody by the step, and rejected shares of two days', async () => {
    await using projection = await openProjection(await fresh());
    const frame = { sinceMs: T0, untilMs: T0 + 5 * MINUTE, stepMs: MINUTE };
    expect(await projection.query('history', frame)).toEqual({ firstMs: undefined, countsRejected: true, sums: [] });
    await projection.apply(JOURNAL);
    const read = async (more: Partial<typeof frame>) => {
      const { firstMs, countsRejected, sums } = await projection.query('history', { ...frame, ...more });
      const at = (startMs: number) => (startMs - T0) / MINUTE;
      const rows = sums.map(({ startMs, spanMs, accepted: shares, rejected: bad, work }) => {
        return [at(startMs), spanMs / MINUTE, shares, bad, work];
      });
      return { first: firstMs === undefined ? undefined : at(firstMs), countsRejected, rows };
    };
    const m = T0 / MINUTE;
    expect(await read({})).toEqual({
      first: 0,
      countsRejected: true,
      rows: [
        [0, 1, 2, 0, 16],
        [1, 1, 1, 0, 4],
        [2, 1, 2, 0, 20],
        [4, 1, 1, 0, 32],
        [0, 1, 0, 1, 0],
        [4, 1, 0, 1, 0],
      ],
    });
    expect((await read({ sinceMs: T0 + 2 * MINUTE, untilMs: T0 + 3 * MINUTE })).rows).toEqual([[2, 1, 2, 0, 20]]);
    const longer = await read({ sinceMs: T0 - 49 * 60 * MINUTE, stepMs: 60 * MINUTE });
    expect(longer.countsRejected).toBe(false);
    expect(longer.rows.reduce((sum, [, , shares = 0]) => sum + shares, 0)).toBe(6);
    for (const [begin = 0.5, span] of longer.rows) expect([(begin + m) % 60, span]).toEqual([0, 60]);
    await projection.retain({ sharesDays: 7, minutesDays: 0, journalDays: 0 });
    expect((await read({})).rows.reduce((sum, [, , , , work = 0]) => sum + work, 0)).toBe(72);
  });

  test('a question that there is not is said', async () => {
    await using projection = await openProjection(await fresh());
    await expect(projection.query('toString' as 'totals', {})).rejects.toThrow('toString');
  });

  test('lists shares of a user with few workers, and with many', async () => {
    await using projection = await openProjection(await fresh());
    const shares = Array.from({ length: 40 }, (_, n) => accepted(1, { worker: `rig${n}`, timeMs: T0 + n * MINUTE }));
    const [few, rest] = [shares.slice(0, 5), shares.slice(5)];
    const foreign = [opened(2, 'bc1qb'), accepted(2), rejected(2, 'stale-share'), rejected(1, 'stale-share')];
    await projection.apply(placed([started(1), opened(1, 'bc1qa'), ...foreign, ...few]));
    const asked = { offset: 0, limit: 100, user: 'bc1qa' };
    const listed = async (outcome?: string) =>
      (await projection.query('shares', outcome === undefined ? asked : { ...asked, outcome })).items.length;
    expect([await listed(), await listed('accepted'), await listed('stale-share')]).toEqual([6, 5, 1]);
    await projection.apply(placed(rest, 7 + few.length));
    expect([await listed(), await listed('accepted'), await listed('rejected')]).toEqual([41, 40, 1]);
  });
});
