import { displayHash, fromDisplayHash } from '@sv2kit/bitcoin';
import { LIMITS } from '../limits.ts';
import { Fields } from '../rpc/fields.ts';
import type { CallOptions, RpcCaller } from '../rpc/rpc-client.ts';
import { type HashKey, hashKey } from './checked-transaction.ts';

const TXID = /^[0-9a-f]{64}$/;

/** Those of a list that the node shows as txids. */
export function shownTxids(list: readonly unknown[]): Set<string> {
  return new Set(list.filter((txid) => typeof txid === 'string' && TXID.test(txid)) as string[]);
}

/**
 * Of a block.
 *
 * @param hash internal byte order
 * @throws RpcError, and what else the caller throws
 */
export async function minedTxids(
  rpc: RpcCaller,
  hash: Uint8Array,
  options: CallOptions = {},
): Promise<ReadonlySet<HashKey>> {
  const method = 'getblock';
  const block = await rpc.call(method, [displayHash(hash), 1], { ...options, maxBytes: LIMITS.maxTemplateAnswer });
  const txids = shownTxids(new Fields(method, block).list('tx'));
  return new Set(Array.from(txids, (txid) => hashKey(fromDisplayHash(txid))));
}
