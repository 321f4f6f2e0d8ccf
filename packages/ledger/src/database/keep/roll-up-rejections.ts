import type { Database, Transaction } from '../database.ts';
import { rejections, rollups } from '../tables.ts';

const HOUR = 60;
const NAME = 'rejections';

/** Makes hours of the minutes of the hours before that of a unix minute; one transaction each. */
export async function rollUpRejections(database: Database, minute: number): Promise<void> {
  const before = Math.floor(minute / HOUR) * HOUR;
  while (await database.transaction((transaction) => rollUpHour(transaction, before)));
}

/** @returns whether there may be another */
async function rollUpHour(transaction: Transaction, before: number): Promise<boolean> {
  const [made] = await transaction.all('SELECT minute FROM rollups WHERE name = $1', [NAME]);
  const from = Number(made?.['minute'] ?? 0);
  const [next] = await transaction.all(
    'SELECT min(minute) AS minute FROM rejections WHERE minute >= $1 AND minute < $2',
    [from, before],
  );
  if (next === undefined || next['minute'] === null) return false;
  const minute = Math.floor(Number(next['minute']) / HOUR) * HOUR;
  const hour = [minute, minute + HOUR] as const;
  const sums = await transaction.all(
    `SELECT worker, channel, code, CAST(sum(shares) AS BIGINT) AS shares FROM rejections
    WHERE minute >= $1 AND minute < $2 GROUP BY worker, channel, code`,
    hour,
  );
  await transaction.run('DELETE FROM rejections WHERE minute >= $1 AND minute < $2', hour);
  await transaction.put(
    rejections,
    sums.map((row) => ({ ...row, minute })),
  );
  await transaction.put(rollups, [{ name: NAME, minute: minute + HOUR }]);
  return true;
}
