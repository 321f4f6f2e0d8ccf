import { expect, test } from 'vitest';
import { RecordFault } from '../../src/database/faults.ts';
import { openProjection } from '../../src/database/open-projection.ts';
import { fingerprintOf } from '../../src/database/fingerprint.ts';
import { ProjectedDatabase } from '../../src/database/projected-database.ts';
import { databaseOf, onBothDatabases } from './databases.ts';
import { dump, expected } from './dump.ts';
import { accepted, became, found, hashOf, opened, placed, rejected, started } from './entries.ts';
import { FaultyDatabase, type Loss } from './faulty-database.ts';
import { T0 } from './journals.ts';
import { project } from './projecting.ts';

/** Everything that there are tables for, over two runs. */
const JOURNAL = placed([
  started(1),
  opened(1, 'bc1qa.rig'),
  opened(2, 'a\0b'),
  accepted(1, { worker: 'behind' }),
  rejected(1, 'stale-share'),
  accepted(2, { timeMs: T0 + 61_000, hash: hashOf(6) }),
  found(1, hashOf(9), T0 + 62_000),
  accepted(1, { timeMs: T0 + 62_000, hash: hashOf(9), isBlock: true, worker: 'behind' }),
  became(hashOf(9), 'accepted', T0 + 63_000),
  { type: 'ChannelClosed', timeMs: T0 + 64_000, channelKey: 1, reason: 'gone' },
  started(2, T0 + 70_000),
  opened(1, 'bc1qa.rig', T0 + 71_000),
  accepted(1, { timeMs: T0 + 72_000 }),
  rejected(9, 'invalid-job-id', T0 + 73_000),
]);

onBothDatabases(({ name, fresh }) => {
  test.each([
    ['a confirmed block that the node has lost is not confirmed any more', ['confirmed', 'submitted'], 'submitted'],
    ['and is again once the node has it back', ['confirmed', 'submitted', 'confirmed'], 'confirmed'],
    ["another node's first answer makes no confirmed block less sure", ['confirmed', 'accepted'], 'confirmed'],
    ['a matured block stays', ['matured', 'submitted'], 'matured'],
  ] as const)('%s', async (_, states, status) => {
    await using projection = await openProjection(await fresh());
    const journal = placed([started(1), found(1, hashOf(9)), ...states.map((each) => became(hashOf(9), each))]);
    await project(projection, journal, [1]);
    expect(await projection.snapshot((reader) => reader.all('SELECT status FROM blocks'))).toEqual([{ status }]);
    expect(await dump(projection)).toEqual(expected(journal));
  });

  test('a journal in one batch, and record by record, and twice, is the same', async () => {
    for (const batches of [[JOURNAL.length], [1], [3, 1]]) {
      await using projection = await openProjection(await fresh());
      await project(projection, JOURNAL, batches);
      await projection.apply(JOURNAL);
      await projection.apply(JOURNAL.slice(3));
      expect(await dump(projection)).toEqual(expected(JOURNAL));
      const last = JOURNAL.at(-1);
      if (last === undefined) throw new Error('an empty journal');
      expect(await projection.position()).toEqual({ position: JOURNAL.length, fingerprint: fingerprintOf(last) });
    }
  });

  test('a database that goes away before any statement, or unheard after any commit, has each record once', async () => {
    const options = await fresh();
    const database = databaseOf(options);
    const whole = expected(JOURNAL);
    const projected = async (loss: readonly Loss[]): Promise<FaultyDatabase> => {
      await new ProjectedDatabase(database).reset();
      const faulty = new FaultyDatabase(database, loss);
      // As after a crash: nothing is remembered.
      const projection = await project(
        new ProjectedDatabase(faulty),
        JOURNAL,
        [6],
        () => new ProjectedDatabase(faulty),
      );
      expect(await dump(projection)).toEqual(whole);
      return faulty;
    };
    const { statements, commits } = await projected([]);
    // Connecting to PostgreSQL again takes its time.
    const step = name === 'sqlite' ? 1 : 4;
    for (let n = 1; n <= statements; n += step) await projected([{ beforeStatement: n }]);
    for (let n = 1; n <= commits; n++) await projected([{ afterCommit: n }]);
    await database.close();
  });

  test('after a reopening, the open slice and the workers go on', async () => {
    const options = await fresh();
    for (let end = 1; end <= JOURNAL.length; end += 4) {
      await using projection = await openProjection(options);
      await projection.apply(JOURNAL.slice(0, end));
    }
    await using projection = await openProjection(options);
    await projection.apply(JOURNAL);
    expect(await dump(projection)).toEqual(expected(JOURNAL));
  });

  test('a record that cannot be applied is named; what is before it is applied, what is behind it waits', async () => {
    await using projection = await openProjection(await fresh());
    const entries = placed([started(), opened(1), accepted(1), accepted(1, { difficulty: Number.NaN }), accepted(1)]);
    const fault = await projection.apply(entries).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(RecordFault);
    expect(fault).toMatchObject({ code: 'impossible-difficulty', position: 4 });
    expect((await projection.position()).position).toBe(3);
    await projection.applyDead(entries[3] ?? entries[0]!, { code: 'impossible-difficulty', message: 'NaN\0' });
    await projection.apply(entries);
    expect(await dump(projection)).toEqual(expected(entries));
    expect(await projection.query('deadLetters', { offset: 0, limit: 10 })).toMatchObject({
      total: 1,
      items: [{ source: 'journal', position: 4, recordCode: 4, fault: 'impossible-difficulty', reason: 'NaN\ufffd' }],
    });
  });

  test.each([
    ['a difficulty above that of the best hash', accepted(1, { difficulty: 9.8e67 }), 'impossible-difficulty'],
    ['an infinite difficulty', accepted(1, { difficulty: Number.POSITIVE_INFINITY }), 'impossible-difficulty'],
    ['a second channel of one key', opened(1, 'other'), 'channel-named-twice'],
  ] as const)('%s is a fault of its record, not of the database', async (_, record, code) => {
    await using projection = await openProjection(await fresh());
    const entries = placed([started(), opened(1), accepted(1), record]);
    await expect(projection.apply(entries)).rejects.toMatchObject({ name: 'RecordFault', code, position: 4 });
    expect(await dump(projection)).toEqual(expected(entries.slice(0, 3)));
  });

  test('a value that the database refuses is traced to its record', async () => {
    await using projection = await openProjection(await fresh());
    // No journal has it: a time that is no integer.
    const bad = placed([started(), opened(1), accepted(1), accepted(1, { timeMs: T0 + 0.5 }), accepted(1)]);
    await expect(projection.apply(bad)).rejects.toMatchObject({ code: 'refused-by-database', position: 4 });
    expect((await projection.position()).position).toBe(3);
  });

  test('a journal whose beginning was removed is projected from where it begins; a gap later is damage', async () => {
    await using projection = await openProjection(await fresh());
    const entries = placed([accepted(5), accepted(5)], 1000);
    await projection.apply(entries);
    expect((await projection.position()).position).toBe(1001);
    await expect(projection.apply(placed([accepted(5)], 1003))).rejects.toMatchObject({ code: 'ledger-corrupted' });
  });

  test('payments have a position of their own, and their journal takes nothing else', async () => {
    await using projection = await openProjection(await fresh());
    await projection.apply(JOURNAL);
    await projection.apply(placed([started()]), 'payments');
    expect((await projection.position('payments')).position).toBe(1);
    const misplaced = placed([opened(1)], 2);
    await expect(projection.apply(misplaced, 'payments')).rejects.toMatchObject({ code: 'misplaced-record' });
    expect(await projection.position()).toMatchObject({ position: JOURNAL.length });
  });

  test('a reset empties everything, and the journal can be projected anew', async () => {
    await using projection = await openProjection(await fresh());
    await projection.apply(JOURNAL);
    await projection.reset();
    expect(await projection.position()).toEqual({ position: 0, fingerprint: '' });
    await projection.apply(JOURNAL);
    expect(await dump(projection)).toEqual(expected(JOURNAL));
  });
});
