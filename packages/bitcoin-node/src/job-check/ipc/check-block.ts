import { isIpcError } from '../../ipc/client/ipc-error.ts';
import type { Lane } from '../../ipc/client/lane.ts';
import type { MiningClient } from '../../ipc/client/mining-client.ts';
import { type Opinion, opinionOf, UNREADABLE } from '../judgement.ts';

/** What the node says when it cannot read the bytes of a block. */
const DECODING = /iostream|CompactSize|end of data|witness record|transaction optional data/i;

/**
 * Asks the node what it would think of a block if it had proof of work. The node checks everything else.
 *
 * @throws IpcError when the node says nothing of the block
 */
export async function checkBlock(client: MiningClient, lane: Lane, block: Uint8Array): Promise<Opinion> {
  try {
    const { ok, reason } = await client.checkBlock(lane, block, { checkMerkleRoot: true, checkPow: false });
    return ok ? { kind: 'valid' } : opinionOf(reason);
  } catch (error) {
    if (isIpcError(error, 'failed') && DECODING.test(error.message)) return UNREADABLE;
    throw error;
  }
}
