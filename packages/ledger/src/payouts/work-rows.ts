import type { Network } from '@sv2kit/bitcoin';
import { accountOf, type Slice, type Weight, type Window, WorkWindow } from '@sv2kit/payout';
import type { Cell, Reader, Row } from '../database/database.ts';

/** Slices, or stretches, that are read at once. */
const PAGE = 128;

/**
 * The work that is recorded, as much as wanted, the latest first. In a transaction that applies a record that is the work
 * before that record: nothing behind it is there yet.
 */
export async function recordedWindow(reader: Reader, wanted: bigint, chain: Network): Promise<Window> {
  const window = new WorkWindow(wanted);
  const accounts = new Map<string, Omit<Weight, 'work'>>();
  const weightOf: WeightOf = (user, work) => {
    const account = accounts.get(user) ?? accountOf(user, chain);
    accounts.set(user, account);
    return { ...account, work };
  };
  const [done] = await reader.all('SELECT coalesce(max(last), 0) AS last FROM work_stretches');
  for await (const slice of read(reader, slicesAbove(Number(done?.['last'] ?? 0)), weightOf)) {
    if (!window.add(slice)) return window.end();
  }
  for await (const stretch of read(reader, SUMMED_UP, weightOf)) {
    const slices = window.takesHour(stretch.minute, sumOf(stretch)) ? [stretch] : slicesOf(reader, stretch, weightOf);
    for await (const slice of slices) if (!window.add(slice)) return window.end();
  }
  return window.end();
}

interface Read extends Slice {
  readonly id: number;
  /** Id of its last slice. */
  readonly last: number;
}

/** The slices that a stretch sums up. */
function slicesOf(reader: Reader, { id, last }: Read, weightOf: WeightOf): AsyncGenerator<Read> {
  return read(reader, slicesAbove(id - 1), weightOf, last + 1);
}

function sumOf({ weights }: Slice): bigint {
  return weights.reduce((sum, { work }) => sum + work, 0n);
}

type WeightOf = (user: string, work: bigint) => Weight;

/** Where slices are, and their work by user. */
interface Part {
  /** Of the rows of both statements: below this and above that. */
  readonly above: number;
  readonly rows: string;
  work(reader: Reader): string;
}

const slicesAbove = (above: number): Part => ({
  above,
  rows: `SELECT id, id AS last, minute, CASE WHEN ended_by IS NULL THEN 0 ELSE 1 END AS ends_with_block FROM slices
    WHERE id < $1 AND id > $2 ORDER BY id DESC LIMIT $3`,
  work: ({ dialect }) => `SELECT k.slice AS id, w.user_name, ${dialect.sum('k.work')} AS work
    FROM work k JOIN workers w ON w.id = k.worker
    WHERE k.slice < $1 AND k.slice >= $2 GROUP BY k.slice, w.user_name`,
});

const SUMMED_UP: Part = {
  above: 0,
  rows: `SELECT id, last, minute, ends_with_block FROM work_stretches WHERE id < $1 AND id > $2 ORDER BY id DESC LIMIT $3`,
  work: () => 'SELECT stretch AS id, user_name, work FROM stretch_work WHERE stretch < $1 AND stretch >= $2',
};

/** The newest first. */
async function* read(
  reader: Reader,
  part: Part,
  weightOf: WeightOf,
  below = Number.MAX_SAFE_INTEGER,
): AsyncGenerator<Read> {
  let before = below;
  while (true) {
    const rows = await reader.all(part.rows, [before, part.above, PAGE]);
    const oldest = Number(rows.at(-1)?.['id'] ?? 0);
    const work = Map.groupBy(rows.length === 0 ? [] : await reader.all(part.work(reader), [before, oldest]), idOf);
    for (const row of rows) {
      const weights = (work.get(idOf(row)) ?? []).map((sum) => weightOf(String(sum['user_name']), exact(sum['work'])));
      const endsWithBlock = Number(row['ends_with_block']) === 1;
      yield { id: idOf(row), last: Number(row['last']), minute: Number(row['minute']), endsWithBlock, weights };
    }
    if (rows.length < PAGE) return;
    before = oldest;
  }
}

function idOf(row: Row): number {
  return Number(row['id']);
}

function exact(cell: Cell | undefined): bigint {
  return BigInt(String(cell ?? 0));
}
