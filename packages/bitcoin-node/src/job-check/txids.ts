import { fromDisplayHash } from '@sv2kit/bitcoin';
import { Fields } from '../rpc/fields.ts';
import { type HashKey, hashKey } from './checked-transaction.ts';

/**
 * Of a block as `getblock` shows it.
 *
 * @throws RpcError
 */
export function txidsOf(block: unknown): ReadonlySet<HashKey> {
  const txids = new Fields('getblock', block).list('tx').filter((txid) => typeof txid === 'string');
  return new Set(txids.map((txid) => hashKey(fromDisplayHash(txid))));
}
