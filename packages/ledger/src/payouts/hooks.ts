import { MAX_MONEY } from '@sv2kit/bitcoin';
import { decodeSplit, type PayoutTerms, SplitError } from '@sv2kit/payout';
import type { Transaction } from '../database/database.ts';
import { identityText } from '../database/apply/texts.ts';
import { RecordFault } from '../database/faults.ts';
import type { PayoutHooks } from '../database/payout-hooks.ts';
import { LEDGER_LIMITS } from '../limits.ts';
import type { JournalEntry } from '../read-journal.ts';
import type {
  BlockFound,
  BlockStatus,
  PayoutPaid,
  PayoutSplit,
  PayoutTerms as TermsRecord,
} from '../records/records.ts';
import { accountFor, type EarlierSplit } from './accounting.ts';
import { afterStatus, type BlockStanding, JUST_FOUND, type PayoutState } from './block-state.ts';
import { PAYOUT_QUERIES } from './queries.ts';
import { networkDifficultyOf, outputsOf } from './found-block.ts';
import { blockPayouts, dues, PAYOUT_TABLES, payments, payoutSplits, payoutTerms } from './tables.ts';
import { termsFromRow, termsOf } from './terms.ts';
import { recordedWindow } from './work-rows.ts';
import { sumUpStretches } from './work-stretches.ts';

/** What payouts add to the projection. */
export const payoutHooks: PayoutHooks = {
  tables: PAYOUT_TABLES,
  async apply(transaction, entry) {
    const { record } = entry;
    switch (record.type) {
      case 'PayoutTerms':
        return await onTerms(transaction, entry, record);
      case 'PayoutSplit':
        return await onSplit(transaction, entry, record);
      case 'PayoutPaid':
        return await onPaid(transaction, entry, record);
      case 'BlockFound':
        return await onFound(transaction, entry, record);
      case 'BlockStatus':
        return await onStatus(transaction, record);
      default:
    }
  },
  queries: PAYOUT_QUERIES,
};

async function onTerms(transaction: Transaction, { position }: JournalEntry, record: TermsRecord): Promise<void> {
  const terms = termsOf(record);
  if (typeof terms === 'string') throw new RecordFault('malformed-payout', position, terms);
  await transaction.put(payoutTerms, [
    {
      id: position,
      time_ms: record.timeMs,
      mode: terms.mode,
      fee_ppm: terms.feePpm,
      window_size: terms.window,
      confirmations: terms.confirmations,
      pool_script: terms.poolScript,
      chain: terms.chain,
    },
  ]);
  if (terms.mode === 'pplns') await sumUpStretches(transaction);
}

async function onSplit(transaction: Transaction, { position }: JournalEntry, record: PayoutSplit): Promise<void> {
  const governing = await termsAt(transaction);
  if (governing === undefined) throw new RecordFault('malformed-payout', position, 'a split before any terms');
  try {
    decodeSplit(record.entries, governing.terms.chain);
  } catch (error) {
    if (!(error instanceof SplitError)) throw error;
    throw new RecordFault('malformed-payout', position, error.message, { cause: error });
  }
  await sumUpStretches(transaction);
  const { timeMs, splitId, position: counted, entries } = record;
  await transaction.put(payoutSplits, [
    { id: position, time_ms: timeMs, split_id: splitId, counted, entries, used: 0 },
  ]);
  const [row] = await transaction.all(
    'SELECT id FROM payout_splits WHERE used = 0 ORDER BY id DESC LIMIT 1 OFFSET $1',
    [LEDGER_LIMITS.keptSplits],
  );
  if (row !== undefined) {
    await transaction.run('DELETE FROM payout_splits WHERE used = 0 AND id <= $1', [row['id'] ?? 0]);
  }
}

async function onPaid(transaction: Transaction, { position }: JournalEntry, record: PayoutPaid): Promise<void> {
  const { timeMs, account, amount, txid, note } = record;
  if (amount > MAX_MONEY) throw new RecordFault('malformed-payout', position, `${amount} satoshis are paid`);
  if (account.includes('\0') || note.includes('\0')) {
    throw new RecordFault('malformed-payout', position, 'an account or note with NUL');
  }
  await transaction.put(payments, [{ id: position, time_ms: timeMs, account, amount: Number(amount), txid, note }]);
}

async function onFound(transaction: Transaction, { position }: JournalEntry, record: BlockFound): Promise<void> {
  const governing = await termsAt(transaction);
  const outputs = outputsOf(record);
  if (governing === undefined || outputs === undefined) return;
  const [known] = await transaction.all('SELECT id FROM block_payouts WHERE hash = $1', [record.hash]);
  if (known !== undefined) return;
  const { terms } = governing;
  const facts = {
    outputs,
    path: record.path,
    user: identityText(record.userIdentity),
    networkDifficulty: networkDifficultyOf(record),
  };
  const accounting = await accountFor(facts, terms, {
    splits: () => splitsOf(transaction),
    async window(wanted) {
      await sumUpStretches(transaction);
      return recordedWindow(transaction, wanted, terms.chain);
    },
  });
  const { owedBy, split, windowWork, revenue, fee, donated, forgone, entries } = accounting;
  const standing = await standingOf(transaction, record.hash, terms);
  await transaction.put(blockPayouts, [
    {
      id: position,
      hash: record.hash,
      height: record.height ?? null,
      found_ms: record.timeMs,
      terms: governing.id,
      owed_by: owedBy,
      split: split ?? null,
      window_work: windowWork ?? null,
      revenue: Number(revenue),
      fee: Number(fee),
      donated: Number(donated),
      forgone: Number(forgone),
      ...standingRow(standing, record.timeMs),
    },
  ]);
  await transaction.put(
    dues,
    entries.map(({ account, amount, direct }) => ({
      block: position,
      account,
      amount: Number(amount),
      direct: Number(direct),
    })),
  );
  if (split !== undefined) await transaction.run('UPDATE payout_splits SET used = 1 WHERE id = $1', [split]);
}

async function onStatus(transaction: Transaction, record: BlockStatus): Promise<void> {
  const [row] = await transaction.all(
    `SELECT p.id, p.state, p.confirmations, p.matured, t.confirmations AS wanted FROM block_payouts p
     JOIN payout_terms t ON t.id = p.terms WHERE p.hash = $1`,
    [record.hash],
  );
  if (row === undefined) return;
  const before: BlockStanding = {
    state: row['state'] as PayoutState,
    confirmations: Number(row['confirmations']),
    matured: row['matured'] === 1,
  };
  const after = afterStatus(before, record, Number(row['wanted']));
  const { state, confirmations, matured, state_ms: timeMs } = standingRow(after, record.timeMs);
  await transaction.run('UPDATE block_payouts SET confirmations = $1, matured = $2 WHERE id = $3', [
    confirmations,
    matured,
    row['id'] ?? 0,
  ]);
  if (after.state === before.state) return;
  await transaction.run('UPDATE block_payouts SET state = $1, state_ms = $2 WHERE id = $3', [
    state,
    timeMs,
    row['id'] ?? 0,
  ]);
}

/** The terms that hold now. */
async function termsAt(
  transaction: Transaction,
): Promise<{ readonly id: number; readonly terms: PayoutTerms } | undefined> {
  const [row] = await transaction.all('SELECT * FROM payout_terms ORDER BY id DESC LIMIT 1');
  return row === undefined ? undefined : { id: Number(row['id']), terms: termsFromRow(row) };
}

/** Of the run at hand: the share of a block is on a job of its own run. */
async function* splitsOf(transaction: Transaction): AsyncGenerator<EarlierSplit> {
  const rows = await transaction.all(
    `SELECT id FROM payout_splits WHERE id > (SELECT coalesce(max(id), 0) FROM runs) ORDER BY id DESC LIMIT ${LEDGER_LIMITS.keptSplits}`,
  );
  for (const { id } of rows) {
    const [row] = await transaction.all('SELECT entries FROM payout_splits WHERE id = $1', [id ?? 0]);
    if (row !== undefined) yield { position: Number(id), entries: row['entries'] as Uint8Array };
  }
}

/** What became known of a block before its finding could be recorded. */
async function standingOf(transaction: Transaction, hash: Uint8Array, terms: PayoutTerms): Promise<BlockStanding> {
  const rows = await transaction.all('SELECT status, reason FROM block_events WHERE hash = $1 ORDER BY position', [
    hash,
  ]);
  return rows.reduce((standing: BlockStanding, { status, reason }) => {
    return afterStatus(standing, { status: String(status), reason: String(reason) }, terms.confirmations);
  }, JUST_FOUND);
}

function standingRow({ state, confirmations, matured }: BlockStanding, timeMs: number) {
  return { state, confirmations, matured: matured ? 1 : 0, state_ms: timeMs };
}
