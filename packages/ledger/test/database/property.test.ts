import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProjectedDatabase } from '../../src/database/projected-database.ts';
import { databaseOf, onBothDatabases } from './databases.ts';
import { dump, expected } from './dump.ts';
import { FaultyDatabase, type Loss } from './faulty-database.ts';
import { anyBatches, anyJournal } from './journals.ts';
import { project } from './projecting.ts';

const anyLosses: fc.Arbitrary<Loss[]> = fc.array(
  fc.oneof(
    fc.record({ beforeStatement: fc.integer({ min: 1, max: 200 }) }),
    fc.record({ afterCommit: fc.integer({ min: 1, max: 20 }) }),
  ),
  { maxLength: 6 },
);

onBothDatabases(({ name, fresh }) => {
  const numRuns = name === 'sqlite' ? 100 : 25;

  test('the tables hold what a plain model says, whatever the records, the batches and the losses of the database', async () => {
    const options = await fresh();
    const database = databaseOf(options);
    const check = async (
      entries: Parameters<typeof expected>[0],
      batches: readonly number[],
      losses: readonly Loss[],
    ) => {
      await new ProjectedDatabase(database).reset();
      const faulty = new FaultyDatabase(database, losses);
      const projection = await project(new ProjectedDatabase(faulty), entries, batches);
      expect(await dump(projection)).toEqual(expected(entries));
    };
    try {
      await fc.assert(fc.asyncProperty(anyJournal, anyBatches, anyLosses, check), { numRuns });
    } finally {
      await database.close();
    }
  });
});
