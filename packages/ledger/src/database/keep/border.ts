import type { Database } from '../database.ts';

const DAY_MINUTES = 1440;

/** Where what is older ends. */
export interface Border {
  /** The first record of a slice: what is before it is older. 0: nothing is. */
  readonly position: number;
  /** Of that slice, in unix minutes; and of the newest, where the clock was set back meanwhile. */
  readonly minute: number;
}

/**
 * The last slice that began more than some days before the newest one, by what is recorded: between two slices there is
 * never more than a day. So a clock that jumps ahead, whether it records or not, makes nothing a year old.
 */
export function firstWithin(database: Database, days: number): Promise<Border> {
  return database.snapshot(async (reader) => {
    const [border] = await reader.all(
      `WITH steps AS (SELECT id, minute, lead(minute) OVER (ORDER BY id) - minute AS step FROM slices),
      ages AS (SELECT id, minute, sum(CASE WHEN step > ${DAY_MINUTES} THEN ${DAY_MINUTES} WHEN step > 0 THEN step ELSE 0 END)
        OVER (ORDER BY id DESC) AS age FROM steps)
      SELECT id, minute FROM ages WHERE age > $1 ORDER BY id DESC LIMIT 1`,
      [days * DAY_MINUTES],
    );
    if (border === undefined) return { position: 0, minute: 0 };
    const [newest] = await reader.all('SELECT minute FROM slices ORDER BY id DESC LIMIT 1');
    const latest = Number(newest?.['minute']) - days * DAY_MINUTES;
    return { position: Number(border['id']), minute: Math.min(Number(border['minute']), latest) };
  });
}
