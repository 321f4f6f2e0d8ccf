import { decodeHeader, difficultyFromTarget, parseTransaction, targetFromNbits } from '@sv2kit/bitcoin';
import type { BlockFound, BlockStatus, ShareAccepted } from '../../records/records.ts';
import type { Row, Transaction } from '../database.ts';
import type { BlockState } from '../queries/types.ts';
import { blockEvents, blocks } from '../tables.ts';
import type { Memory } from './memory.ts';
import { identityText, plainText } from './texts.ts';

/** What is surer stands against what is less sure, whoever says it; within one rank the last word counts. */
const RANKS: Readonly<Record<BlockState, number>> = {
  found: 0,
  submitted: 1,
  rejected: 2,
  accepted: 3,
  confirmed: 4,
  orphaned: 4,
  matured: 4,
};

/** Of a block that was in the best chain, `submitted` says that the node has lost it: what is handed over is so before. */
function counts(status: BlockState, before: BlockState): boolean {
  return RANKS[status] >= RANKS[before] || (before === 'confirmed' && status === 'submitted');
}

const UNKNOWN: Row = {
  position: null,
  found_ms: null,
  channel: null,
  user_name: '',
  worker_name: '',
  height: null,
  header: null,
  coinbase: null,
  via: '',
  path: '',
  revenue: null,
  network_difficulty: null,
  round_shares: 0,
  round_work: 0n,
  status: 'found',
  status_by: '',
  status_reason: '',
};

/** A block ends the round. One that is found twice counts as found the first time. */
export async function applyBlockFound(
  transaction: Transaction,
  memory: Memory,
  position: number,
  record: BlockFound,
): Promise<void> {
  const { timeMs, hash, header, coinbase } = record;
  const [known] = await transaction.find(blocks, ['hash'], [[hash]]);
  if (known !== undefined && known['position'] !== null) return;
  const { totals } = memory;
  const found = {
    position,
    found_ms: timeMs,
    channel: memory.channel(record.channelKey)?.id ?? null,
    user_name: identityText(record.userIdentity),
    height: record.height ?? null,
    header,
    coinbase,
    via: plainText(record.via),
    path: plainText(record.path),
    revenue: revenueOf(coinbase),
    network_difficulty: difficultyOfHeader(header),
    round_shares: totals.roundShares,
    round_work: totals.roundWork,
  };
  Object.assign(totals, { roundShares: 0, roundWork: 0n, roundSinceMs: timeMs });
  await transaction.put(blocks, [{ hash, ...UNKNOWN, status_ms: timeMs, ...known, ...found }]);
}

export async function applyBlockStatus(transaction: Transaction, position: number, record: BlockStatus): Promise<void> {
  const { timeMs, hash, status } = record;
  const by = plainText(record.by);
  const reason = plainText(record.reason);
  await transaction.put(blockEvents, [{ position, hash, time_ms: timeMs, status, said_by: by, reason }]);
  const [known = { ...UNKNOWN, hash, status_ms: timeMs }] = await transaction.find(blocks, ['hash'], [[hash]]);
  // Only what is a state is ever written there.
  if (!counts(status, known['status'] as BlockState)) return;
  const last = { status, status_by: by, status_reason: reason, status_ms: timeMs };
  await transaction.put(blocks, [{ ...known, ...last }]);
}

/** The share behind a block says which worker of its user found it. */
export async function applyFinder(
  transaction: Transaction,
  { hash, userIdentity }: Pick<ShareAccepted, 'hash' | 'userIdentity'>,
): Promise<void> {
  if (userIdentity === undefined) return;
  await transaction.run('UPDATE blocks SET worker_name = $2 WHERE hash = $1', [hash, identityText(userIdentity)]);
}

/** Satoshis of all outputs; null where there is no reading the transaction. */
function revenueOf(coinbase: Uint8Array): bigint | null {
  try {
    return parseTransaction(coinbase).outputs.reduce((sum, { value }) => sum + value, 0n);
  } catch {
    return null;
  }
}

function difficultyOfHeader(header: Uint8Array): number | null {
  try {
    const difficulty = difficultyFromTarget(targetFromNbits(decodeHeader(header).nbits));
    return Number.isFinite(difficulty) ? difficulty : null;
  } catch {
    return null;
  }
}
