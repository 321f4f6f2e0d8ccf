import Type, { type Static } from 'typebox';
import { TRANSACTIONS_LIMIT } from '../page.ts';
import { count, flag, hash, hex, maybe, number, part, satoshis, text, timeMs, view, word } from './shape.ts';

const CoinbaseOutputSchema = view(
  'An output of the coinbase transaction.',
  {
    value: satoshis('What it pays.'),
    script: hex('Its scriptPubKey.'),
    address: maybe(text('The address of the script, where it has one.')),
  },
  'CoinbaseOutput',
);
export type CoinbaseOutputView = Static<typeof CoinbaseOutputSchema>;

const block = {
  height: maybe(count('Of the block that it would make.')),
  prevHash: maybe(hash('Of the block that it builds on.')),
  transactions: maybe(count('Without the coinbase.')),
  fees: maybe(satoshis('Of all transactions.')),
};

/** What miners work on. */
export const JobViewSchema = view(
  'Work that is handed to miners.',
  {
    part,
    id: text('Names the job within this role.'),
    origin: word('Whose template it is.', ['pool', 'declared', 'solo', 'upstream']),
    state: word('Future until its prev-hash comes, stale once another came.', ['future', 'active', 'stale']),
    kind: maybe(text('Its shape: standard, extended, custom, v1.')),
    ...block,
    templateId: maybe(text('The template that it is of; a whole number.')),
    createdAtMs: timeMs('When it was made.'),
    channels: maybe(count('Channels that work on it.')),
    user: maybe(text('Who declared it.')),
    coinbaseOutputs: maybe(Type.Array(CoinbaseOutputSchema)),
  },
  'Job',
);
export type JobView = Static<typeof JobViewSchema>;

/** What jobs are made of. */
export const TemplateViewSchema = view(
  'A template of a block.',
  {
    part,
    id: text('A whole number.'),
    ...block,
    state: word('Future until its prev-hash comes, stale once another came.', ['future', 'active', 'stale']),
    source: maybe(text('The node or template provider that it comes from.')),
    receivedAtMs: maybe(timeMs('When it came.')),
    revenue: maybe(satoshis('What the coinbase may pay.')),
    weight: maybe(count('Of the transactions, in weight units.')),
    isEmpty: maybe(flag('It was made before the node had one: without transactions.')),
    coinbaseOutputs: maybe(Type.Array(CoinbaseOutputSchema)),
  },
  'Template',
);
export type TemplateView = Static<typeof TemplateViewSchema>;

const TransactionSchema = view(
  'A transaction of a block to be.',
  {
    txid: hash('Its id.'),
    wtxid: maybe(hash('Its id with the witness.')),
    weight: maybe(count('In weight units.')),
    size: maybe(count('In bytes, with the witness.')),
    fee: maybe(satoshis('What it pays.')),
  },
  'Transaction',
);
export type TransactionView = Static<typeof TransactionSchema>;

const content = {
  transactionList: maybe(
    Type.Array(TransactionSchema, {
      maxItems: TRANSACTIONS_LIMIT,
      description: 'As they stand in the block, without the coinbase; left out where they are not known.',
    }),
  ),
  cut: maybe(flag(`There are more than the ${TRANSACTIONS_LIMIT} that are told.`)),
};

/** A template with what is in it. */
export const TemplateDetailSchema = view(
  'A template with what is in it.',
  { ...TemplateViewSchema.properties, ...content },
  'TemplateDetail',
);
export type TemplateDetail = Static<typeof TemplateDetailSchema>;

/** A job with what is in it. */
export const JobDetailSchema = view(
  'A job with what is in it.',
  {
    ...JobViewSchema.properties,
    ...content,
    coinbase: maybe(
      view('Its coinbase transaction, without the extranonce between the two parts.', {
        prefix: hex('Before the extranonce.'),
        suffix: hex('After it.'),
        tag: maybe(text('What can be read in its script: who made it.')),
      }),
    ),
  },
  'JobDetail',
);
export type JobDetail = Static<typeof JobDetailSchema>;

/** A block that was found here. */
export const BlockViewSchema = view(
  'A block that was found here.',
  {
    part,
    hash: hash('Its own.'),
    height: maybe(count('Where it stands.')),
    status: word('How far it came.', [
      'found',
      'submitted',
      'accepted',
      'confirmed',
      'matured',
      'orphaned',
      'rejected',
    ]),
    by: maybe(text('Which node or template provider said so.')),
    reason: maybe(text('Why it is not in the chain.')),
    foundAtMs: timeMs('When it was found.'),
    confirmations: maybe(count('Blocks of the chain from it on; 0 when it is not in the chain.')),
    user: maybe(text('Whose share it was: the account.')),
    worker: maybe(text('Whose share it was: the worker of that account.')),
    path: maybe(text('Whose template it is: pool-template, declared-full-template, coinbase-only, solo, v1-pool.')),
    via: maybe(text('The kind of channel that it was found on: sv2-standard, sv2-extended, v1.')),
    revenue: maybe(satoshis('What its coinbase pays.')),
    effort: maybe(number('Work that it took in network difficulties: 1 is what a block takes on average.')),
    luck: maybe(number('1 by the effort: above 1 is lucky.')),
  },
  'Block',
);
export type BlockView = Static<typeof BlockViewSchema>;
