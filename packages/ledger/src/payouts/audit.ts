import { decodeSplit, scaleWeights, type Weight, windowWork } from '@sv2kit/payout';
import type { JournalEntry } from '../read-journal.ts';
import { readJournal } from '../read-journal.ts';
import { JournalWork } from './journal-work.ts';
import type { BlockPayout } from './query-types.ts';
import { Recomputation, type RecomputedPayout, type UsedSplit } from './recompute.ts';

export interface AuditOptions {
  /** Of the journal. */
  readonly directory: string;
  /** The last record to read: the watermark of a journal that is being written. */
  readonly to?: number;
  /** Of one block alone, by its hash as people write it. */
  readonly hash?: string;
  /** What the database says: the query `payouts`. */
  stored(block: string): Promise<BlockPayout | undefined>;
  /** Told now and then how far the journal has been read. */
  onProgress?(position: number): void;
}

/** Whether what a block owes follows from the journal. */
export interface BlockAudit {
  readonly block: string;
  readonly height: number | undefined;
  /** Of its BlockFound in the journal. */
  readonly position: number;
  readonly recomputed: BlockPayout;
  readonly stored: BlockPayout | undefined;
  /** What does not agree, for a person; empty when all does. */
  readonly differences: readonly string[];
  /** What the journal no longer tells, so that differences prove nothing. */
  readonly missing: string | undefined;
}

const PROGRESS = 65_536;
const SHOWN = 10;

/**
 * Recomputes what blocks owe from the journal alone, and compares it with the database: revenue, fee, state and every due, that
 * the sums agree, and that a split which a coinbase shows is the window's at the position that it names.
 *
 * @throws LedgerError 'ledger-corrupted' when the journal cannot be read
 */
export async function* auditPayouts(options: AuditOptions): AsyncGenerator<BlockAudit> {
  const recomputation = new Recomputation();
  for await (const entry of entriesOf(options)) await recomputation.take(entry);
  const payouts = [...recomputation.payouts()].filter(
    ({ payout }) => options.hash === undefined || payout.block === options.hash,
  );
  const splits = await wrongSplits(options, payouts);
  for (const { payout, split, missing } of payouts) {
    const stored = await options.stored(payout.block);
    const differences = [...compared(payout, stored), ...unbalanced(payout)];
    const wrong = split === undefined ? undefined : splits.get(split.position);
    if (wrong !== undefined) differences.push(wrong);
    const { block, height, position } = payout;
    yield { block, height, position, recomputed: payout, stored, differences, missing };
  }
}

async function* entriesOf({ directory, to, onProgress }: AuditOptions): AsyncGenerator<JournalEntry> {
  for await (const entry of readJournal(directory, 1, to)) {
    if (entry.position % PROGRESS === 0) onProgress?.(entry.position);
    yield entry;
  }
}

/** What is wrong with splits that coinbases show, by the position of the split. */
async function wrongSplits(
  options: AuditOptions,
  payouts: readonly RecomputedPayout[],
): Promise<ReadonlyMap<number, string>> {
  const open = payouts
    .map(({ split }) => split)
    .filter((split) => split !== undefined)
    .sort((a, b) => a.counted - b.counted);
  const wrong = new Map<number, string>();
  const work = new JournalWork();
  let first: number | undefined;
  const settle = (before: number): void => {
    for (let [next] = open; next !== undefined && next.counted < before; [next] = open) {
      open.shift();
      const problem = splitProblem(next, work, first ?? 1);
      if (problem !== undefined) wrong.set(next.position, problem);
    }
  };
  if (open.length === 0) return wrong;
  for await (const entry of entriesOf(options)) {
    first ??= entry.position;
    settle(entry.position);
    if (open.length === 0) break;
    work.take(entry);
  }
  settle(Number.POSITIVE_INFINITY);
  return wrong;
}

function splitProblem(split: UsedSplit, work: JournalWork, first: number): string | undefined {
  const { terms, entries, counted, position } = split;
  const recorded = decodeSplit(entries, terms.chain);
  const window = work.window(windowWork(terms.window, recorded.networkDifficulty), terms.chain);
  if (first > 1 && (!window.full || window.hasStrangers)) return undefined;
  if (sameWeights(recorded.weights, scaleWeights(window.weights))) return undefined;
  return `the split of record ${position} is not the work of the window that ends with record ${counted}`;
}

function sameWeights(a: readonly Weight[], b: readonly Weight[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ account, donation, work }, i) => {
      const other = b[i];
      return account === other?.account && donation === other.donation && work === other.work;
    })
  );
}

const COMPARED = [
  'position',
  'height',
  'mode',
  'feePpm',
  'window',
  'owedBy',
  'split',
  'windowWork',
  'revenue',
  'fee',
  'donated',
  'forgone',
  'state',
  'confirmations',
  'matured',
] as const satisfies readonly (keyof BlockPayout)[];

function compared(recomputed: BlockPayout, stored: BlockPayout | undefined): string[] {
  if (stored === undefined) return ['the database does not have it'];
  const differences = COMPARED.filter((name) => recomputed[name] !== stored[name]).map(
    (name) => `${name}: ${stored[name]} in the database, ${recomputed[name]} by the journal`,
  );
  const wrong = [...differentDues(recomputed, stored)];
  differences.push(...wrong.slice(0, SHOWN));
  if (wrong.length > SHOWN) differences.push(`and ${wrong.length - SHOWN} more dues`);
  return differences;
}

function* differentDues(recomputed: BlockPayout, stored: BlockPayout): Generator<string> {
  const there = new Map(stored.entries.map((entry) => [entry.account, entry]));
  for (const { account, amount, direct } of recomputed.entries) {
    const other = there.get(account);
    there.delete(account);
    if (other?.amount === amount && other.direct === direct) continue;
    const has = other === undefined ? 'nothing' : `${other.amount} (${other.direct} by the coinbase)`;
    yield `${account}: ${has} in the database, ${amount} (${direct} by the coinbase) by the journal`;
  }
  for (const { account, amount } of there.values())
    yield `${account}: ${amount} in the database, nothing by the journal`;
}

function unbalanced({ entries, fee, donated, forgone, revenue }: BlockPayout): string[] {
  const sum = entries.reduce((total, { amount }) => total + amount, fee + donated - forgone);
  return sum === revenue ? [] : [`dues, fee and donations are ${sum}, the revenue is ${revenue}`];
}
