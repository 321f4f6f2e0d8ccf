import type { Row } from '../database/database.ts';
import { PAYOUT_QUERIES } from '../payouts/queries.ts';
import { type ExportTable, hashText, inParts } from './export-tables.ts';
import { paidSince } from './record-payments.ts';

/** Dues that are asked for at once: each question goes through all of them. */
const PART = 50_000;

/** What each block owes each account. The latest block first. */
export const duesTable: ExportTable = {
  columns: [
    'account',
    'amount_satoshis',
    'direct_satoshis',
    'state',
    'since',
    'block',
    'height',
    'found_at',
    'confirmations',
    'matured',
  ],
  async *rows(reader) {
    for (let offset = 0; ; ) {
      const { items } = await PAYOUT_QUERIES.dues(reader, { offset, limit: PART });
      for (const {
        account,
        amount,
        direct,
        state,
        sinceMs,
        block,
        height,
        foundAtMs,
        confirmations,
        matured,
      } of items) {
        const paid = [account, amount, direct, state, new Date(sinceMs)];
        yield [...paid, block, height, new Date(foundAtMs), confirmations, matured];
      }
      if (items.length === 0) return;
      offset += items.length;
    }
  },
};

/** What is to be paid to each account now, less the payments that the database has not heard of yet. In order of accounts. */
export const owedTable: ExportTable = {
  columns: ['account', 'amount_satoshis'],
  async *rows(reader, _range, dataDir) {
    const { items } = await PAYOUT_QUERIES.payments(reader, { offset: 0, limit: 1 });
    const unheard = await paidSince(dataDir, items[0]?.position ?? 0);
    for (let offset = 0; ; offset += PART) {
      const { items: part } = await PAYOUT_QUERIES.balances(reader, { offset, limit: PART, owed: true });
      for (const { account, balance } of part) {
        const amount = balance - (unheard.get(account) ?? 0n);
        if (amount > 0n) yield [account, amount];
      }
      if (part.length < PART) return;
    }
  },
};

/** What accounts were paid: by coinbases of blocks that are not lost, then by payments; each in order. */
export const payoutsTable: ExportTable = {
  columns: ['kind', 'time', 'account', 'amount_satoshis', 'block', 'height', 'txid', 'note'],
  async *rows(reader) {
    const direct = `SELECT dues.block, dues.account, dues.direct, block_payouts.hash, block_payouts.height,
      block_payouts.found_ms FROM dues JOIN block_payouts ON block_payouts.id = dues.block
      WHERE (dues.block, dues.account) > ($1, $2) AND dues.direct > 0 AND block_payouts.state IN ('pending', 'due')
      ORDER BY dues.block, dues.account`;
    const key = ({ block, account }: Row) => [block ?? 0, account ?? ''];
    for await (const row of inParts(reader, direct, [0, ''], key)) {
      const height = row['height'] === null ? undefined : Number(row['height']);
      const time = new Date(Number(row['found_ms']));
      const amount = BigInt(String(row['direct']));
      yield ['coinbase', time, String(row['account']), amount, hashText(row['hash']), height, undefined, undefined];
    }
    const payments = 'SELECT * FROM payments WHERE id > $1 ORDER BY id';
    for await (const row of inParts(reader, payments, [0], ({ id }) => [id ?? 0])) {
      const paid = ['payment', new Date(Number(row['time_ms'])), String(row['account']), BigInt(String(row['amount']))];
      yield [...paid, undefined, undefined, hashText(row['txid']), String(row['note'])];
    }
  },
};
