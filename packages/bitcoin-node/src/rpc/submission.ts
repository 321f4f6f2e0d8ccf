import { displayHash, sha256d } from '@sv2kit/bitcoin';
import { BackOff } from '../back-off.ts';
import { Fields } from './fields.ts';
import { type Clock, type Logger, pause } from '../host.ts';
import { LIMITS } from '../limits.ts';
import type { Confirmation, SubmitResult } from '../node.ts';
import { failedWith, type RpcClient } from './rpc-client.ts';
import { RPC_INVALID_ADDRESS_OR_KEY, RPC_VERDICTS, RpcError } from './rpc-error.ts';

const HEADER_BYTES = 80;
const LANE = 'submit';
/** Words for a block that the node may take later: it has not got the parent, or its clock is behind the block's. */
const NOT_YET: ReadonlySet<string> = new Set(['prev-blk-not-found', 'time-too-new']);

export interface SubmissionParts {
  readonly client: RpcClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}

/**
 * Hands a block to the node over connections that nothing else uses, again and again while the node is away, until
 * it has said what it thinks of it or the time that a block is worth has passed.
 */
export async function submit(parts: SubmissionParts, block: Uint8Array, signal: AbortSignal): Promise<SubmitResult> {
  const hex = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('hex');
  const hash = sha256d(block.subarray(0, HEADER_BYTES));
  const log = parts.log.child({ hash: displayHash(hash) });
  const backOff = new BackOff(parts.random);
  const deadlineMs = parts.clock.now() + LIMITS.submitDeadlineMs;
  for (;;) {
    try {
      const options = { lane: LANE, timeoutMs: LIMITS.submitTimeoutMs, signal };
      const answer = await parts.client.call('submitblock', [hex], options);
      const result = await judge(parts, hash, answer);
      if (!isNotYet(result) || signal.aborted || parts.clock.now() >= deadlineMs) {
        log.info('block submitted', { ...result, bytes: block.length });
        return result;
      }
      log.warn('block is too early for the node', { ...result });
      await pause(parts.clock, backOff.next(), signal);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (isVerdict(error)) {
        log.error('block refused', { error });
        return { kind: 'rejected', reason };
      }
      if (signal.aborted || parts.clock.now() >= deadlineMs) {
        log.error('block not submitted: the node did not answer', { reason });
        return { kind: 'unreachable', reason };
      }
      log.warn('block not submitted yet', { reason });
      await pause(parts.clock, backOff.next(), signal);
    }
  }
}

/**
 * Whether the node has said no to what was asked. Everything else, trouble of its own included, is worth another try:
 * what is lost otherwise is a block.
 */
function isVerdict(error: unknown): boolean {
  return error instanceof RpcError && error.code === 'rpc' && RPC_VERDICTS.has(error.details.rpcCode ?? 0);
}

function isNotYet(result: SubmitResult): boolean {
  return result.kind === 'rejected' && NOT_YET.has(result.reason);
}

/** BIP22: nothing when the block is the new tip, else a word. */
async function judge(parts: SubmissionParts, hash: Uint8Array, answer: unknown): Promise<SubmitResult> {
  switch (answer) {
    case null:
      return { kind: 'accepted' };
    case 'duplicate':
      return { kind: 'duplicate' };
    case 'inconclusive':
    case 'duplicate-inconclusive': {
      const { inBestChain } = await confirmation(parts.client, hash);
      if (inBestChain) return { kind: answer === 'inconclusive' ? 'accepted' : 'duplicate' };
      return { kind: 'inconclusive', reason: 'the node has the block, but another is its best' };
    }
    default:
      return { kind: 'rejected', reason: typeof answer === 'string' ? answer : JSON.stringify(answer) };
  }
}

/**
 * Where a block stands in the node's view.
 *
 * @throws RpcError
 */
export async function confirmation(client: RpcClient, hash: Uint8Array): Promise<Confirmation> {
  const method = 'getblockheader';
  try {
    const fields = new Fields(method, await client.call(method, [displayHash(hash), true], { lane: LANE }));
    const confirmations = fields.integer('confirmations', -1);
    const inBestChain = confirmations > 0;
    return { inBestChain, confirmations: Math.max(0, confirmations), height: fields.integer('height') };
  } catch (error) {
    if (failedWith(error, RPC_INVALID_ADDRESS_OR_KEY)) return { inBestChain: false, confirmations: 0 };
    throw error;
  }
}
