import {
  addCoinbaseWitness,
  BitcoinError,
  encodeHeader,
  hashHeader,
  identifyTransaction,
  merkleRoot,
} from '@sv2kit/bitcoin';
import type { HeldSolution, HeldTemplate, SubmitResult } from '../node.ts';
import { NOT_BEST } from '../submission.ts';
import { isIpcError } from './client/ipc-error.ts';
import type { TemplateHandle } from './client/template-handle.ts';
import type { SolutionVerdict } from './client/types.ts';
import type { IpcSession } from './ipc-session.ts';

type SolvedTemplate = Pick<HeldTemplate, 'prevHash' | 'nbits' | 'merklePath' | 'coinbase'>;

export interface SolutionParts {
  readonly session: IpcSession;
  readonly handle: TemplateHandle;
  readonly template: SolvedTemplate;
  /** Whether this is a block of the best chain. */
  isBest(hash: Uint8Array): Promise<boolean>;
}

/** Hands a solution in over the lane for it, and finds out what became of the block. */
export async function submitSolution(parts: SolutionParts, solution: HeldSolution): Promise<SubmitResult> {
  const { session, handle, template } = parts;
  if (session.over.aborted) return gone('the connection to the node has ended since');
  try {
    const whole = withWitness(template, solution);
    const verdict = await verdictOn(handle.submitSolution(session.lanes.submit, whole));
    if (!('kind' in verdict)) return await settle(parts, hashOf(template, whole), verdict);
    if (verdict.kind !== 'unreachable') return verdict;
    // A connection that ended may have carried the solution before.
    return (await parts.isBest(hashOf(template, whole))) ? { kind: 'accepted' } : verdict;
  } catch (error) {
    if (error instanceof BitcoinError) return { kind: 'rejected', reason: error.message };
    // It was handed in, and what became of it cannot be asked.
    if (isIpcError(error)) return { kind: 'unreachable', reason: error.message };
    throw error;
  }
}

/** What came over the wire without its witness gets it back: a node takes no block that lacks it. */
function withWitness({ coinbase }: SolvedTemplate, solution: HeldSolution): HeldSolution {
  if (coinbase.requiredOutputs.length === 0 || solution.coinbase[4] !== 1) return solution;
  return { ...solution, coinbase: addCoinbaseWitness(solution.coinbase) };
}

/** What the node says of a solution; a result where it says nothing of it. */
async function verdictOn(answer: Promise<SolutionVerdict>): Promise<SolutionVerdict | SubmitResult> {
  try {
    return await answer;
  } catch (error) {
    return failure(error);
  }
}

async function settle(
  parts: SolutionParts,
  hash: Uint8Array,
  { ok, reason, exact }: SolutionVerdict,
): Promise<SubmitResult> {
  if (!exact) return (await parts.isBest(hash)) ? { kind: 'accepted' } : await ask(parts);
  switch (reason) {
    case '':
      return ok ? { kind: 'accepted' } : { kind: 'rejected', reason: 'the node refused it without a reason' };
    case 'duplicate':
    case 'duplicate-inconclusive':
      return { kind: 'duplicate' };
    case 'inconclusive':
      return (await parts.isBest(hash)) ? { kind: 'accepted' } : notBest();
    default:
      return { kind: 'rejected', reason };
  }
}

/** The node said only that it looked at the block. It still has it: what is wrong with it, if anything? */
async function ask({ session, handle }: SolutionParts): Promise<SubmitResult> {
  const { client, lanes } = session;
  const block = await handle.block(lanes.blocks);
  const { ok, reason } = await client.checkBlock(lanes.blocks, block);
  return ok || reason === 'inconclusive-not-best-prevblk' ? notBest() : { kind: 'rejected', reason };
}

function hashOf({ prevHash, nbits, merklePath }: SolvedTemplate, solution: HeldSolution): Uint8Array {
  const { version, ntime, nonce } = solution;
  const root = merkleRoot(identifyTransaction(solution.coinbase).txid, merklePath);
  return hashHeader(encodeHeader({ version, prevHash, merkleRoot: root, ntime, nbits, nonce }));
}

function failure(error: unknown): SubmitResult {
  if (isIpcError(error, 'bad-coinbase', 'failed')) return { kind: 'rejected', reason: error.message };
  if (isIpcError(error, 'too-new', 'unimplemented')) return { kind: 'unable', reason: error.message };
  if (isIpcError(error, 'released')) return gone('the node was told to forget the template');
  if (isIpcError(error)) return { kind: 'unreachable', reason: error.message };
  throw error;
}

function gone(why: string): SubmitResult {
  return { kind: 'unable', reason: `the template is gone, ${why}: hand the whole block over` };
}

function notBest(): SubmitResult {
  return { kind: 'inconclusive', reason: NOT_BEST };
}
