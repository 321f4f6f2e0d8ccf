import { payoutHooks } from '../../payouts/hooks.ts';
import type { JournalEntry } from '../../read-journal.ts';
import type { Transaction } from '../database.ts';
import type { Source } from '../projection.ts';
import { runs } from '../tables.ts';
import { applyBlockFound, applyBlockStatus, applyFinder } from './blocks.ts';
import { Fold } from './fold.ts';
import { loadNamed } from './load.ts';
import type { Memory } from './memory.ts';
import { Pending, writeTotals } from './pending.ts';

type WorkOf = (difficulty: number) => bigint;

/**
 * Applies records that have been checked: those of channels and shares gather, and are written together before each of
 * the few others, so that the tables then hold everything up to it.
 */
export async function applyRecords(
  transaction: Transaction,
  memory: Memory,
  entries: readonly JournalEntry[],
  source: Source,
  workOf: WorkOf,
): Promise<void> {
  let from = 0;
  while (from < entries.length) {
    const next = entries.findIndex((entry, index) => index >= from && isAlone(entry));
    const to = next < 0 ? entries.length : next;
    const last = entries[to];
    await applyMany(transaction, memory, entries.slice(from, to), last, workOf);
    if (last !== undefined) await applyAlone(transaction, memory, last, source);
    from = to + 1;
  }
  if (source === 'journal') await writeTotals(transaction, memory);
}

function isAlone({ record }: JournalEntry): boolean {
  switch (record.type) {
    case 'Start':
    case 'BlockFound':
    case 'BlockStatus':
    case 'PayoutTerms':
    case 'PayoutSplit':
    case 'PayoutPaid':
      return true;
    default:
      return false;
  }
}

async function applyMany(
  transaction: Transaction,
  memory: Memory,
  entries: readonly JournalEntry[],
  behind: JournalEntry | undefined,
  workOf: WorkOf,
): Promise<void> {
  // The channel of a block that is found is asked for with those of the shares.
  const isFound = behind?.record.type === 'BlockFound';
  if (entries.length === 0 && !isFound) return;
  const pending = new Pending();
  const fold = new Fold(memory, pending, workOf);
  await loadNamed(transaction, memory, isFound ? [...entries, behind] : entries);
  for (const entry of entries) fold.take(entry);
  if (isFound) fold.endSlice(behind.position);
  await pending.write(transaction, memory);
  for (const { record } of entries) {
    if (record.type === 'ShareAccepted' && record.isBlock) await applyFinder(transaction, record);
  }
}

async function applyAlone(
  transaction: Transaction,
  memory: Memory,
  entry: JournalEntry,
  source: Source,
): Promise<void> {
  const { position, record } = entry;
  switch (record.type) {
    case 'Start':
      if (source === 'payments') return;
      memory.startRun(position);
      await transaction.put(runs, [{ id: position, boot_epoch: record.bootEpoch, started_ms: record.timeMs }]);
      return;
    case 'BlockFound':
      await applyBlockFound(transaction, memory, position, record);
      break;
    case 'BlockStatus':
      await applyBlockStatus(transaction, position, record);
      break;
    default:
  }
  await payoutHooks.apply(transaction, entry, source);
}
