import Type, { type Static } from 'typebox';
import { pageProperties } from './page.ts';
import { count, flag, hash, maybe, number, satoshis, text, timeMs, view, word } from './shape.ts';

/** What an account is due for a block. */
const DueViewSchema = view(
  'What an account is due for a block.',
  {
    account: text('Who is paid: an address, or a name where addresses are not asked for.'),
    amount: satoshis('What is due.'),
    state: word('Pending until the block has its confirmations; reversed when it left the chain.', [
      'pending',
      'due',
      'paid',
      'reversed',
    ]),
    block: maybe(hash('The block that it is for.')),
    height: maybe(count('Of that block.')),
    inCoinbase: maybe(flag('The block itself pays it.')),
    txid: maybe(hash('The transaction that paid it.')),
    atMs: maybe(timeMs('When it came to this state.')),
  },
  'Due',
);
export type DueView = Static<typeof DueViewSchema>;

/** How and what is paid. */
const PayoutsViewSchema = view('How is paid, and what.', {
  mode: text('pool, solo or pplns.'),
  feePercent: maybe(number('What the pool keeps.')),
  window: maybe(number('Of PPLNS, in network difficulties.')),
  confirmations: maybe(count('Before what a block pays is due.')),
  total: count('Rows of the whole list.'),
  items: Type.Array(DueViewSchema),
});
export type PayoutsView = Static<typeof PayoutsViewSchema>;
/** As it is answered. */
export const PayoutsAnswerSchema = Type.Object(
  { ...PayoutsViewSchema.properties, ...pageProperties },
  { description: 'How is paid, and what.', title: 'Payouts', additionalProperties: false },
);

/** How the record of everything is. */
export const LedgerViewSchema = view(
  'How the record of everything is.',
  {
    journal: view('The journal, which is the truth.', {
      state: text('ok, behind or failed.'),
      reason: maybe(text('Why it is not ok.')),
      position: count('Records written.'),
      watermark: count('Records that are safe on disk.'),
    }),
    database: maybe(
      view('The database, which follows the journal.', {
        kind: word('Where it is.', ['sqlite', 'postgres', 'none']),
        state: text('ok, behind, away or refused.'),
        reason: maybe(text('Why it is not ok.')),
        position: count('Records that it holds.'),
        lag: count('Records that it does not hold yet.'),
        deadLetters: maybe(count('Records that could not be applied.')),
      }),
    ),
  },
  'Ledger',
);
export type LedgerView = Static<typeof LedgerViewSchema>;
