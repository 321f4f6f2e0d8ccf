import { HEADER_LENGTH, MAX_MONEY, type ParsedTransaction, parseTransaction } from '@sv2kit/bitcoin';
import { TransactionCursor } from '../../decoding/transaction-cursor.ts';
import type { Lane } from '../../ipc/client/lane.ts';
import type { MiningClient } from '../../ipc/client/mining-client.ts';
import { opinionOf } from '../judgement.ts';

const TOO_MUCH = 'bad-cb-amount';
/** Of the node's remark: `coinbase pays too much (actual=… vs limit=…)`. */
const LIMIT = /\blimit=(\d{1,16})\b/;

/** The node said something else. */
export interface UnknownClaim {
  readonly kind: 'unknown';
  readonly remark: string;
  /** By the coinbase as it was. */
  readonly paid: bigint;
}

export type Claim = { readonly kind: 'known'; readonly value: bigint } | UnknownClaim | { readonly kind: 'stale' };

/**
 * What the coinbase of a valid block may claim, exactly: the node is shown the same block with a coinbase that claims
 * all there is, and names the limit where it refuses that. Every version of the node does.
 *
 * @param block is written to
 * @throws IpcError
 */
export async function greatestClaim(client: MiningClient, lane: Lane, block: Uint8Array): Promise<Claim> {
  const paid = claimAll(block);
  const { reason, debug } = await client.checkBlock(lane, block, { checkMerkleRoot: false, checkPow: false });
  if (opinionOf(reason).kind === 'stale') return { kind: 'stale' };
  const limit = reason === TOO_MUCH ? LIMIT.exec(debug)?.[1] : undefined;
  if (limit !== undefined) return { kind: 'known', value: BigInt(limit) };
  return { kind: 'unknown', remark: `${reason}: ${debug}`, paid };
}

/**
 * Writes into the coinbase's first output what the others leave of all money: more is no transaction.
 *
 * @returns what the coinbase paid before
 */
function claimAll(block: Uint8Array): bigint {
  const cursor = new TransactionCursor(block, HEADER_LENGTH);
  cursor.count();
  const coinbase = cursor.transaction();
  const parsed = parseTransaction(coinbase);
  const paid = parsed.outputs.reduce((sum, { value }) => sum + value, 0n);
  const others = paid - (parsed.outputs[0]?.value ?? 0n);
  const view = new DataView(coinbase.buffer, coinbase.byteOffset, coinbase.byteLength);
  view.setBigUint64(firstValueAt(parsed), MAX_MONEY - others, true);
  return paid;
}

const VERSION = 4;
const MARKER_AND_FLAG = 2;
const OUTPOINT_AND_SEQUENCE = 40;

function firstValueAt({ segwit, inputs, outputs }: ParsedTransaction): number {
  const scripts = inputs.map(({ scriptSig: { length } }) => OUTPOINT_AND_SEQUENCE + countBytes(length) + length);
  const before = VERSION + (segwit ? MARKER_AND_FLAG : 0) + countBytes(inputs.length);
  return scripts.reduce((sum, length) => sum + length, before) + countBytes(outputs.length);
}

/** How long a CompactSize is. */
function countBytes(count: number): number {
  return count < 0xfd ? 1 : count <= 0xffff ? 3 : 5;
}
