import type { Retention } from '../../ledger-options.ts';
import type { Database } from '../database.ts';
import type { Retained } from '../projection.ts';
import { rollUpRejections } from './roll-up-rejections.ts';
import { rollUpSlices } from './roll-up-slices.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
const HOUR_MINUTES = 60;
/** Rows that one transaction removes. */
const PART = 20_000;

/**
 * Removes single shares and makes hours of minutes that are older than they are kept, in transactions that are short. A
 * clock that has run ahead of what is recorded removes nothing before its time.
 */
export async function retain(database: Database, retention: Retention, nowMs: number): Promise<Retained> {
  const newestMs = await newest(database);
  if (newestMs === undefined) return { shares: 0, slices: 0 };
  const now = Math.min(nowMs, newestMs);
  const shares = await removeShares(database, now - retention.sharesDays * DAY_MS);
  const oldest = Math.floor((now - retention.minutesDays * DAY_MS) / MINUTE_MS);
  const before = oldest - (((oldest % HOUR_MINUTES) + HOUR_MINUTES) % HOUR_MINUTES);
  const slices = await rollUpSlices(database, before);
  await rollUpRejections(database, before);
  return { shares, slices };
}

/** Time of the last record of work, by the order of the journal. */
function newest(database: Database): Promise<number | undefined> {
  return database.snapshot(async (reader) => {
    const [share] = await reader.all('SELECT time_ms FROM shares ORDER BY position DESC LIMIT 1');
    const [slice] = await reader.all('SELECT minute, span FROM slices ORDER BY id DESC LIMIT 1');
    if (share !== undefined) return Number(share['time_ms']);
    return slice === undefined ? undefined : (Number(slice['minute']) + Number(slice['span'])) * MINUTE_MS;
  });
}

async function removeShares(database: Database, beforeMs: number): Promise<number> {
  let removed = 0;
  for (;;) {
    const part = await database.transaction((transaction) =>
      transaction.run(
        `DELETE FROM shares WHERE position IN
          (SELECT position FROM shares WHERE time_ms < $1 ORDER BY time_ms, position LIMIT $2)`,
        [beforeMs, PART],
      ),
    );
    removed += part;
    if (part < PART) return removed;
  }
}
