import { payoutHooks } from '../../payouts/hooks.ts';
import type { PayoutQueries } from '../../payouts/query-types.ts';
import type { Reader } from '../database.ts';
import { block, blocks, rounds, unsettledBlocks } from './blocks.ts';
import { numberOf, partOf, textOf } from './cells.ts';
import { history } from './history.ts';
import { seed } from './seed.ts';
import { shares } from './shares.ts';
import { totals } from './totals.ts';
import type { DeadLetter, LedgerQueries, Listing, Page, QueryArguments, QueryResult } from './types.ts';
import { worker, workers } from './workers.ts';

type Answers<K extends keyof LedgerQueries> = {
  readonly [N in K]: (reader: Reader, args: QueryArguments<N>) => Promise<QueryResult<N>>;
};

const ANSWERS: Answers<Exclude<keyof LedgerQueries, keyof PayoutQueries>> = {
  workers,
  worker,
  history,
  seed,
  blocks,
  block,
  unsettledBlocks,
  rounds,
  shares,
  totals,
  deadLetters,
};

/** Answers a question from one state of the database. @throws TypeError when there is no such question */
export async function answer<K extends keyof LedgerQueries>(
  reader: Reader,
  name: K,
  args: QueryArguments<K>,
): Promise<QueryResult<K>> {
  // Names come from other threads and programs too.
  const all: Readonly<Record<string, unknown>> = { ...payoutHooks.queries, ...ANSWERS };
  const found = Object.hasOwn(all, name) ? all[name] : undefined;
  if (found === undefined) throw new TypeError(`the ledger knows no question ${name}`);
  // The tables above and of payouts tie each name to its arguments and answer.
  return (found as Answers<K>[K])(reader, args);
}

async function deadLetters(reader: Reader, page: Page): Promise<Listing<DeadLetter>> {
  const [counted] = await reader.all('SELECT count(*) AS total FROM dead_letters');
  const rows = await reader.all(
    'SELECT * FROM dead_letters ORDER BY source, position DESC LIMIT $1 OFFSET $2',
    partOf(page),
  );
  const items = rows.map((row) => ({
    source: textOf(row['source']),
    position: numberOf(row['position']),
    recordCode: numberOf(row['record_code']),
    fault: textOf(row['fault']),
    reason: textOf(row['reason']),
    // The column is one of bytes.
    body: row['body'] as Uint8Array,
  }));
  return { total: numberOf(counted?.['total']), items };
}
