import { isIpcError } from './client/ipc-error.ts';
import { submitOnce } from '../rpc/submission.ts';
import { type BlockOffer, NOT_BEST } from '../submission.ts';
import type { SubmitResult } from '../node.ts';
import type { SessionKeeper } from './session-keeper.ts';
import { type IpcSession, overIpc } from './ipc-session.ts';

export interface IpcOfferParts {
  readonly keeper: SessionKeeper;
  /** Whether this is a block of the best chain. */
  isBest(hash: Uint8Array): Promise<boolean>;
}

/** There is no connection to hand a block over. */
class NoSessionError extends Error {
  override readonly name = 'NoSessionError';
}

/**
 * Hands a block over on the connection there is, over the lane for it.
 *
 * @throws IpcError, RpcError, NoSessionError: it gave no answer
 */
export async function offerOverIpc(parts: IpcOfferParts, offer: BlockOffer): Promise<SubmitResult> {
  const { session } = parts.keeper;
  if (session === undefined) throw new NoSessionError('there is no IPC connection to the node');
  const { client, lanes } = session;
  if (client.offers('submitBlock')) return await submitBlock(parts, session, offer);
  if (client.offers('rpc')) return await submitOnce(overIpc(client, lanes.submit), offer);
  const reason = 'this version of the node takes no whole blocks over IPC: give its RPC too, or update it';
  return { kind: 'unable', reason };
}

async function submitBlock({ isBest }: IpcOfferParts, session: IpcSession, offer: BlockOffer): Promise<SubmitResult> {
  try {
    const { ok, reason } = await session.client.submitBlock(session.lanes.submit, offer.block);
    if (ok) return { kind: 'accepted' };
    if (reason === 'duplicate') return { kind: 'duplicate' };
    if (reason !== 'inconclusive' && reason !== '') return { kind: 'rejected', reason };
    return (await isBest(offer.hash)) ? { kind: 'accepted' } : { kind: 'inconclusive', reason: NOT_BEST };
  } catch (error) {
    // The node could not read it, or it is larger than any block.
    if (isIpcError(error, 'failed', 'too-large')) return { kind: 'rejected', reason: error.message };
    throw error;
  }
}
