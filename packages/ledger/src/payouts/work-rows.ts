import { accountOf, type Slice, type Weight, type Window, WorkWindow } from '@sv2kit/payout';
import type { Network } from '@sv2kit/bitcoin';
import type { Reader } from '../database/database.ts';

/** Slices that are read at once. */
const SLICES = 256;

/**
 * The work that is recorded, as much as wanted, the latest first. In a transaction that applies a record that is the work before
 * that record: nothing behind it is there yet.
 */
export async function recordedWindow(reader: Reader, wanted: bigint, chain: Network): Promise<Window> {
  const window = new WorkWindow(wanted);
  const accounts = new Map<string, Omit<Weight, 'work'>>();
  for await (const slice of slices(reader, chain, accounts)) if (!window.add(slice)) break;
  return window.end();
}

/** The newest first. */
async function* slices(
  reader: Reader,
  chain: Network,
  accounts: Map<string, Omit<Weight, 'work'>>,
): AsyncGenerator<Slice> {
  let before = Number.MAX_SAFE_INTEGER;
  while (true) {
    const rows = await reader.all('SELECT id, minute, ended_by FROM slices WHERE id < $1 ORDER BY id DESC LIMIT $2', [
      before,
      SLICES,
    ]);
    const oldest = Number(rows.at(-1)?.['id'] ?? 0);
    const sums = await sumsOf(reader, oldest, before);
    for (const { id, minute, ended_by: endedBy } of rows) {
      const weights = (sums.get(Number(id)) ?? []).map(({ user, work }) => {
        const account = accounts.get(user) ?? accountOf(user, chain);
        accounts.set(user, account);
        return { ...account, work };
      });
      yield { minute: Number(minute), endsWithBlock: endedBy !== null, weights };
    }
    if (rows.length < SLICES) return;
    before = oldest;
  }
}

interface UserWork {
  readonly user: string;
  readonly work: bigint;
}

/** By slice. */
async function sumsOf(reader: Reader, from: number, before: number): Promise<Map<number, UserWork[]>> {
  const rows = await reader.all(
    `SELECT k.slice, w.user_name, ${reader.dialect.sum('k.work')} AS work FROM work k JOIN workers w ON w.id = k.worker
     WHERE k.slice >= $1 AND k.slice < $2 GROUP BY k.slice, w.user_name`,
    [from, before],
  );
  const sums = new Map<number, UserWork[]>();
  for (const row of rows) {
    const slice = Number(row['slice']);
    const of = sums.get(slice) ?? [];
    of.push({ user: String(row['user_name']), work: BigInt(String(row['work'])) });
    sums.set(slice, of);
  }
  return sums;
}
