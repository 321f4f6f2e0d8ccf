import { commitTo } from '../commitment.ts';
import { sealToken } from '../token.ts';
import type { ValidBlock } from './effects.ts';
import type { PendingDeclaration } from './pending-declaration.ts';

/**
 * The token of a job that the node has found valid: the one it was declared with, committed to what was declared (§6.4.5).
 *
 * @param expires unix seconds
 */
export function sealDeclared(
  key: Uint8Array,
  { version, coinbase, redeemed }: PendingDeclaration,
  block: ValidBlock,
  expires: number,
): Uint8Array {
  const { prevHash, nbits, minNtime, merklePath, value } = block;
  const commitment = commitTo({
    version,
    prevHash,
    nbits,
    minNtime,
    coinbaseTxVersion: coinbase.txVersion,
    sequence: coinbase.sequence,
    locktime: coinbase.locktime,
    coinbasePrefix: coinbase.scriptSig,
    countedOutputs: coinbase.countedOutputs,
    merklePath,
    value,
  });
  return sealToken(key, { ...redeemed.claims, expires, commitment });
}
