import { table } from '../database/schema.ts';

/** How the pool pays, from a record on. `id` here and below: position in the journal. */
export const payoutTerms = table(
  'payout_terms',
  {
    id: 'integer',
    time_ms: 'integer',
    mode: 'text',
    fee_ppm: 'integer',
    window_size: 'real',
    confirmations: 'integer',
    pool_script: 'bytes',
    chain: 'text',
  },
  ['id'],
);

/** Who later coinbases may pay directly: the latest ones, and those that a block was accounted for by. */
export const payoutSplits = table(
  'payout_splits',
  { id: 'integer', time_ms: 'integer', split_id: 'integer', counted: 'integer', entries: 'bytes', used: 'integer' },
  ['id'],
);

/**
 * What a found block brought in, and by which terms and rule (`pool`, `solo`, `split`, `window`) it was shared out.
 * `state` is a PayoutState. Amounts are satoshis; all dues and fee and donated, less forgone, are the revenue.
 */
export const blockPayouts = table(
  'block_payouts',
  {
    id: 'integer',
    hash: 'bytes',
    height: 'integer?',
    found_ms: 'integer',
    terms: 'integer',
    owed_by: 'text',
    split: 'integer?',
    window_work: 'exact?',
    revenue: 'integer',
    fee: 'integer',
    donated: 'integer',
    forgone: 'integer',
    state: 'text',
    confirmations: 'integer',
    matured: 'integer',
    state_ms: 'integer',
  },
  ['id'],
  { unique: [['hash']], indexes: [['state']] },
);

/** What a block owes each account, and what of it its coinbase pays. `block` is the id of its payouts. */
export const dues = table(
  'dues',
  { block: 'integer', account: 'text', amount: 'integer', direct: 'integer' },
  ['block', 'account'],
  { indexes: [['account', 'block']] },
);

/** What was paid outside of coinbases. `id`: position in the journal of payments. */
export const payments = table(
  'payments',
  { id: 'integer', time_ms: 'integer', account: 'text', amount: 'integer', txid: 'bytes', note: 'text' },
  ['id'],
  { indexes: [['account', 'id']] },
);

/**
 * Work of an hour between two blocks that is over, summed up by user: windows reach far back, and are asked for often. From
 * slice `id` to slice `last`.
 */
export const workStretches = table(
  'work_stretches',
  { id: 'integer', last: 'integer', minute: 'integer', ends_with_block: 'integer' },
  ['id'],
);

export const stretchWork = table('stretch_work', { stretch: 'integer', user_name: 'text', work: 'exact' }, [
  'stretch',
  'user_name',
]);

export const PAYOUT_TABLES = [
  payoutTerms,
  payoutSplits,
  blockPayouts,
  dues,
  payments,
  workStretches,
  stretchWork,
] as const;
