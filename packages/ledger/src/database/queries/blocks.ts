import { displayHash, fromDisplayHash } from '@sv2kit/bitcoin';
import { difficultyOf } from '@sv2kit/payout';
import type { Cell, Reader, Row } from '../database.ts';
import { bytesOf, exactOf, maybeNumber, numberOf, partOf, textOf } from './cells.ts';
import { nameIn } from './names.ts';
import type { BlockDetails, BlockEvent, BlockRow, BlockState, Listing, Page, RoundsAnswer } from './types.ts';

const LOST = "('orphaned', 'rejected')";

/** Everything but what is large; the round goes back to the last block that was not lost. */
function selectBlocks(reader: Reader, more = ''): string {
  return `SELECT b.hash, b.position, b.found_ms, b.user_name, b.worker_name, b.height, b.via, b.path, b.revenue,
    b.network_difficulty, b.status, b.status_by, b.status_reason, b.status_ms${more},
    (SELECT ${reader.dialect.sum('r.round_work')} FROM blocks r WHERE r.position <= b.position AND r.position >
      coalesce((SELECT max(k.position) FROM blocks k WHERE k.position < b.position AND k.status NOT IN ${LOST}), 0)
    ) AS round_work
    FROM blocks b`;
}

export async function blocks(reader: Reader, page: Page): Promise<Listing<BlockRow>> {
  const [counted] = await reader.all('SELECT count(*) AS total FROM blocks');
  const order = 'ORDER BY coalesce(b.position, 0) DESC, b.status_ms DESC, b.hash';
  const rows = await reader.all(`${selectBlocks(reader)} ${order} LIMIT $1 OFFSET $2`, partOf(page));
  return { total: numberOf(counted?.['total']), items: rows.map(blockRow) };
}

export async function block(reader: Reader, { hash }: { readonly hash: string }): Promise<BlockDetails | undefined> {
  if (!/^[0-9a-f]{64}$/i.test(hash)) return undefined;
  const [details] = await detailed(reader, 'WHERE b.hash = $1', [fromDisplayHash(hash)]);
  return details;
}

export function unsettledBlocks(
  reader: Reader,
  { sinceMs = Number.MAX_SAFE_INTEGER }: { readonly sinceMs?: number },
): Promise<BlockDetails[]> {
  const where = `WHERE b.position IS NOT NULL AND b.status <> 'matured' AND (b.status NOT IN ${LOST} OR b.status_ms >= $1)`;
  return detailed(reader, `${where} ORDER BY b.position`, [sinceMs]);
}

async function detailed(reader: Reader, where: string, which: readonly Cell[]): Promise<BlockDetails[]> {
  const rows = await reader.all(`${selectBlocks(reader, ', b.header, b.coinbase')} ${where}`, which);
  const details: BlockDetails[] = [];
  for (const row of rows) {
    const events = await reader.all('SELECT * FROM block_events WHERE hash = $1 ORDER BY position', [
      row['hash'] ?? null,
    ]);
    const [header, coinbase] = [bytesOf(row['header']), bytesOf(row['coinbase'])];
    details.push({ ...blockRow(row), header, coinbase, events: events.map(eventRow) });
  }
  return details;
}

export async function rounds(reader: Reader, { limit = 100 }: { readonly limit?: number }): Promise<RoundsAnswer> {
  const [last] = await reader.all(
    `SELECT position, found_ms FROM blocks WHERE position IS NOT NULL AND status NOT IN ${LOST}
    ORDER BY position DESC LIMIT 1`,
  );
  const [lost] = await reader.all(
    `SELECT CAST(sum(round_shares) AS BIGINT) AS shares, ${reader.dialect.sum('round_work')} AS work
    FROM blocks WHERE position > $1`,
    [last?.['position'] ?? 0],
  );
  const [totals] = await reader.all('SELECT round_shares, round_work, round_since_ms FROM totals');
  const current = {
    sinceMs: maybeNumber(last === undefined ? totals?.['round_since_ms'] : last['found_ms']),
    shares: numberOf(lost?.['shares']) + numberOf(totals?.['round_shares']),
    difficulty: difficultyOf(exactOf(lost?.['work']) + exactOf(totals?.['round_work'])),
  };
  return { current, rounds: (await blocks(reader, { offset: 0, limit })).items };
}

function blockRow(row: Row): BlockRow {
  const network = maybeNumber(row['network_difficulty']);
  const position = maybeNumber(row['position']);
  const round = position === undefined ? undefined : difficultyOf(exactOf(row['round_work']));
  const effort = round === undefined || network === undefined ? undefined : round / network;
  return {
    hash: displayHash(bytesOf(row['hash']) ?? new Uint8Array(32)),
    position,
    height: maybeNumber(row['height']),
    status: stateOf(row['status']),
    by: textOf(row['status_by']),
    reason: textOf(row['status_reason']),
    statusAtMs: numberOf(row['status_ms']),
    foundAtMs: maybeNumber(row['found_ms']),
    ...nameIn(row),
    via: textOf(row['via']),
    path: textOf(row['path']),
    revenue: row['revenue'] === null ? undefined : exactOf(row['revenue']),
    networkDifficulty: network,
    roundDifficulty: round,
    effort,
    luck: effort === undefined || effort === 0 ? undefined : 1 / effort,
  };
}

function eventRow(row: Row): BlockEvent {
  const said = { by: textOf(row['said_by']), reason: textOf(row['reason']) };
  return {
    position: numberOf(row['position']),
    timeMs: numberOf(row['time_ms']),
    status: stateOf(row['status']),
    ...said,
  };
}

function stateOf(cell: Cell | undefined): BlockState {
  // Nothing else is ever written there.
  return textOf(cell) as BlockState;
}
