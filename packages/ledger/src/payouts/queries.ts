import { displayHash, fromDisplayHash } from '@sv2kit/bitcoin';
import { windowWork } from '@sv2kit/payout';
import type { Cell, Reader, Row } from '../database/database.ts';
import { exactOf, maybeNumber, numberOf } from '../database/queries/cells.ts';
import type { OwedBy } from './accounting.ts';
import type { PayoutState } from './block-state.ts';
import type {
  BalancesArguments,
  BlockPayout,
  BlockPayoutRow,
  DistributionArguments,
  DuesArguments,
  DueState,
  PayoutQueries,
} from './query-types.ts';
import { termsFromRow } from './terms.ts';
import { recordedWindow } from './work-rows.ts';

type Answers = {
  readonly [K in keyof PayoutQueries]: (
    reader: Reader,
    args: Parameters<PayoutQueries[K]>[0],
  ) => Promise<ReturnType<PayoutQueries[K]>>;
};

/** Payments pay the oldest dues first, and those of blocks that may yet be lost last. $1: the account, or empty for all. */
const STATED_DUES = `
  WITH paid AS (SELECT account, sum(amount) AS paid FROM payments WHERE $1 = '' OR account = $1 GROUP BY account),
  standing AS (
    SELECT d.block, d.account, sum(d.amount - d.direct) OVER (
        PARTITION BY d.account ORDER BY CASE b.state WHEN 'due' THEN 0 ELSE 1 END, d.block
      ) AS so_far
    FROM dues d JOIN block_payouts b ON b.id = d.block
    WHERE b.state IN ('pending', 'due') AND ($1 = '' OR d.account = $1)
  ),
  stated AS (
    SELECT b.id, b.hash, b.height, b.found_ms, b.confirmations, b.matured, b.state_ms, d.account, d.amount, d.direct,
      CASE
        WHEN s.so_far IS NULL THEN 'reversed'
        WHEN d.amount = d.direct AND b.state = 'due' THEN 'paid'
        WHEN d.amount > d.direct AND s.so_far <= coalesce(p.paid, 0) THEN 'paid'
        ELSE b.state
      END AS state
    FROM dues d JOIN block_payouts b ON b.id = d.block
    LEFT JOIN standing s ON s.block = d.block AND s.account = d.account
    LEFT JOIN paid p ON p.account = d.account
    WHERE $1 = '' OR d.account = $1
  )`;

const BALANCES = `
  WITH owed AS (
    SELECT d.account,
      sum(CASE WHEN b.state = 'pending' THEN d.amount - d.direct ELSE 0 END) AS pending,
      sum(CASE WHEN b.state = 'due' THEN d.amount - d.direct ELSE 0 END) AS due,
      sum(CASE WHEN b.state = 'due' THEN d.direct ELSE 0 END) AS direct
    FROM dues d JOIN block_payouts b ON b.id = d.block WHERE $1 = '' OR d.account = $1 GROUP BY d.account
  ),
  paid AS (SELECT account, sum(amount) AS paid FROM payments WHERE $1 = '' OR account = $1 GROUP BY account),
  known AS (SELECT account FROM owed UNION SELECT account FROM paid),
  balances AS (
    SELECT k.account, coalesce(o.pending, 0) AS pending, coalesce(o.due, 0) AS due, coalesce(o.direct, 0) AS direct,
      coalesce(p.paid, 0) AS paid, coalesce(o.due, 0) - coalesce(p.paid, 0) AS balance
    FROM known k LEFT JOIN owed o ON o.account = k.account LEFT JOIN paid p ON p.account = k.account
  )`;

const BLOCKS = `SELECT b.*, t.mode, t.fee_ppm, t.window_size,
    (SELECT count(*) FROM dues d WHERE d.block = b.id) AS accounts,
    (SELECT count(*) FROM dues d WHERE d.block = b.id AND d.amount > d.direct) AS owed_accounts,
    (SELECT coalesce(sum(d.amount - d.direct), 0) FROM dues d WHERE d.block = b.id) AS owed
  FROM block_payouts b JOIN payout_terms t ON t.id = b.terms`;

/** Answers about payouts, each from one state of the database. */
export const PAYOUT_QUERIES: Answers = {
  async dues(reader, { offset, limit, account = '', state, block }: DuesArguments) {
    const where = `FROM stated WHERE ($2 = '' OR state = $2) AND ($3 = 0 OR hash = $4)`;
    const hash = block === undefined ? new Uint8Array(0) : fromDisplayHash(block);
    const which: Cell[] = [account, state ?? '', block === undefined ? 0 : 1, hash];
    const total = await count(reader, `${STATED_DUES} SELECT count(*) AS total ${where}`, which);
    const rows = await reader.all(
      `${STATED_DUES} SELECT * ${where} ORDER BY id DESC, amount DESC, account LIMIT $5 OFFSET $6`,
      [...which, limit, offset],
    );
    const items = rows.map((row) => ({
      ...blockCells(row),
      account: String(row['account']),
      amount: exactOf(row['amount']),
      direct: exactOf(row['direct']),
      state: row['state'] as DueState,
      sinceMs: numberOf(row['state_ms']),
    }));
    return { total, items };
  },

  async balances(reader, { offset, limit, account = '', owed = false }: BalancesArguments) {
    const where = 'FROM balances WHERE $2 = 0 OR balance > 0';
    const which: Cell[] = [account, owed ? 1 : 0];
    const total = await count(reader, `${BALANCES} SELECT count(*) AS total ${where}`, which);
    const rows = await reader.all(`${BALANCES} SELECT * ${where} ORDER BY account LIMIT $3 OFFSET $4`, [
      ...which,
      limit,
      offset,
    ]);
    const items = rows.map((row) => ({
      account: String(row['account']),
      pending: exactOf(row['pending']),
      due: exactOf(row['due']),
      direct: exactOf(row['direct']),
      paid: exactOf(row['paid']),
      balance: exactOf(row['balance']),
    }));
    return { total, items };
  },

  async payouts(reader, { block }) {
    const [row] = await reader.all(`${BLOCKS} WHERE b.hash = $1`, [fromDisplayHash(block)]);
    if (row === undefined) return undefined;
    const entries = await reader.all('SELECT account, amount, direct FROM dues WHERE block = $1 ORDER BY account', [
      row['id'] ?? 0,
    ]);
    return {
      ...payoutOf(row),
      entries: entries.map(({ account, amount, direct }): BlockPayout['entries'][number] => {
        return { account: String(account), amount: exactOf(amount), direct: exactOf(direct) };
      }),
    };
  },

  async blockPayouts(reader, { offset, limit }) {
    const total = await count(reader, 'SELECT count(*) AS total FROM block_payouts', []);
    const rows = await reader.all(`${BLOCKS} ORDER BY b.id DESC LIMIT $1 OFFSET $2`, [limit, offset]);
    return { total, items: rows.map(payoutRow) };
  },

  async payments(reader, { offset, limit, account = '' }) {
    const where = `FROM payments WHERE $1 = '' OR account = $1`;
    const total = await count(reader, `SELECT count(*) AS total ${where}`, [account]);
    const rows = await reader.all(`SELECT * ${where} ORDER BY id DESC LIMIT $2 OFFSET $3`, [account, limit, offset]);
    const items = rows.map((row) => ({
      position: numberOf(row['id']),
      timeMs: numberOf(row['time_ms']),
      account: String(row['account']),
      amount: exactOf(row['amount']),
      txid: displayHash(row['txid'] as Uint8Array),
      note: String(row['note']),
    }));
    return { total, items };
  },

  async distribution(reader, { window, networkDifficulty }: DistributionArguments) {
    const [journal] = await reader.all(`SELECT position FROM journals WHERE name = 'journal'`);
    const position = Number(journal?.['position'] ?? 0);
    const [row] = await reader.all('SELECT * FROM payout_terms ORDER BY id DESC LIMIT 1');
    if (row === undefined) return { position, weights: [], work: 0n, full: false };
    const { chain } = termsFromRow(row);
    return { position, ...(await recordedWindow(reader, windowWork(window, networkDifficulty), chain)) };
  },
};

async function count(reader: Reader, sql: string, parameters: readonly Cell[]): Promise<number> {
  const [row] = await reader.all(sql, parameters);
  return numberOf(row?.['total']);
}

function blockCells(row: Row) {
  return {
    block: displayHash(row['hash'] as Uint8Array),
    height: maybeNumber(row['height']),
    foundAtMs: numberOf(row['found_ms']),
    confirmations: numberOf(row['confirmations']),
    matured: numberOf(row['matured']) === 1,
  };
}

function payoutRow(row: Row): BlockPayoutRow {
  return {
    ...payoutOf(row),
    accounts: numberOf(row['accounts']),
    owedAccounts: numberOf(row['owed_accounts']),
    owed: exactOf(row['owed']),
    sinceMs: numberOf(row['state_ms']),
  };
}

function payoutOf(row: Row): Omit<BlockPayout, 'entries'> {
  return {
    ...blockCells(row),
    position: numberOf(row['id']),
    mode: row['mode'] as BlockPayout['mode'],
    feePpm: numberOf(row['fee_ppm']),
    window: numberOf(row['window_size']),
    owedBy: row['owed_by'] as OwedBy,
    split: maybeNumber(row['split']),
    windowWork: row['window_work'] === null ? undefined : BigInt(String(row['window_work'])),
    revenue: exactOf(row['revenue']),
    fee: exactOf(row['fee']),
    donated: exactOf(row['donated']),
    forgone: exactOf(row['forgone']),
    state: row['state'] as PayoutState,
  };
}
