import type { Transaction } from '../database/database.ts';
import { stretchWork, workStretches } from './tables.ts';

/** Slices that are read at once. */
const SLICES = 1_024;

interface Stretch {
  readonly id: number;
  readonly minute: number;
  readonly hour: number;
  last: number;
  endsWithBlock: boolean;
}

/** Sums up the stretches that are over and are not summed up yet: all but the one that the next share may still go into. */
export async function sumUpStretches(transaction: Transaction): Promise<void> {
  const [done] = await transaction.all('SELECT coalesce(max(last), 0) AS last FROM work_stretches');
  let stretch: Stretch | undefined;
  let after = Number(done?.['last'] ?? 0);
  while (true) {
    const rows = await transaction.all('SELECT id, minute, ended_by FROM slices WHERE id > $1 ORDER BY id LIMIT $2', [
      after,
      SLICES,
    ]);
    for (const { id, minute, ended_by: endedBy } of rows) {
      const hour = Math.floor(Number(minute) / 60);
      if (stretch !== undefined && (stretch.endsWithBlock || stretch.hour !== hour)) {
        await sumUp(transaction, stretch);
        stretch = undefined;
      }
      stretch ??= { id: Number(id), minute: Number(minute), hour, last: Number(id), endsWithBlock: false };
      stretch.last = Number(id);
      stretch.endsWithBlock = endedBy !== null;
    }
    if (rows.length < SLICES) return;
    after = Number(rows.at(-1)?.['id'] ?? after);
  }
}

async function sumUp(transaction: Transaction, { id, last, minute, endsWithBlock }: Stretch): Promise<void> {
  await transaction.put(workStretches, [{ id, last, minute, ends_with_block: endsWithBlock ? 1 : 0 }]);
  const rows = await transaction.all(
    `SELECT w.user_name, ${transaction.dialect.sum('k.work')} AS work FROM work k JOIN workers w ON w.id = k.worker
     WHERE k.slice >= $1 AND k.slice <= $2 GROUP BY w.user_name`,
    [id, last],
  );
  await transaction.put(
    stretchWork,
    rows.map((row) => ({
      stretch: id,
      user_name: String(row['user_name']),
      work: BigInt(String(row['work'])),
    })),
  );
}
