import type { Retention } from '../../ledger-options.ts';
import type { Database } from '../database.ts';
import type { Retained } from '../projection.ts';
import { firstWithin } from './border.ts';
import { rollUpRejections } from './roll-up-rejections.ts';
import { rollUpSlices } from './roll-up-slices.ts';

/** Rows that one transaction removes. */
const PART = 20_000;

/** Removes single shares and makes hours of minutes that are older than they are kept, in transactions that are short. */
export async function retain(database: Database, { sharesDays, minutesDays }: Retention): Promise<Retained> {
  const shares = await removeShares(database, (await firstWithin(database, sharesDays)).position);
  const border = await firstWithin(database, minutesDays);
  const slices = await rollUpSlices(database, border);
  await rollUpRejections(database, border.minute);
  return { shares, slices };
}

async function removeShares(database: Database, before: number): Promise<number> {
  let removed = 0;
  for (;;) {
    const part = await database.transaction((transaction) =>
      transaction.run(
        'DELETE FROM shares WHERE position IN (SELECT position FROM shares WHERE position < $1 ORDER BY position LIMIT $2)',
        [before, PART],
      ),
    );
    removed += part;
    if (part < PART) return removed;
  }
}
