import { displayHash, HEADER_LENGTH, sha256d } from '@sv2kit/bitcoin';
import { BackOff } from './back-off.ts';
import { type Clock, type Logger, pause } from './host.ts';
import { LIMITS } from './limits.ts';
import type { SubmitResult } from './node.ts';

/** Words for a block that the node may take later: it has not got the parent, or its clock is behind the block's. */
const NOT_YET: ReadonlySet<string> = new Set(['prev-blk-not-found', 'time-too-new']);
export const NOT_BEST = 'the node has the block, but another is its best';

export interface BlockOffer {
  readonly block: Uint8Array;
  /** Internal byte order. */
  readonly hash: Uint8Array;
}

export interface SubmissionParts {
  readonly clock: Clock;
  readonly log: Logger;
  /** Uniform in [0, 1), for back-off. */
  readonly random: () => number;
  /** Hands it over once, and rejects when that gave no answer. */
  offer(offer: BlockOffer, signal: AbortSignal): Promise<SubmitResult>;
}

/**
 * Hands a block to the node again and again while it is away, until it has said what it thinks of it or the time that
 * a block is worth has passed.
 */
export async function submit(parts: SubmissionParts, block: Uint8Array, signal: AbortSignal): Promise<SubmitResult> {
  const hash = sha256d(block.subarray(0, HEADER_LENGTH));
  const log = parts.log.child({ hash: displayHash(hash) });
  const backOff = new BackOff(parts.random);
  const deadlineMs = parts.clock.now() + LIMITS.submitDeadlineMs;
  const warned = new Set<string>();
  const warn = (message: string, fields: Record<string, unknown>): void => {
    if (warned.has(message)) return log.debug(message, fields);
    warned.add(message);
    log.warn(message, fields);
  };
  for (;;) {
    try {
      const result = await parts.offer({ block, hash }, signal);
      if (!isNotYet(result) || signal.aborted || parts.clock.now() >= deadlineMs) {
        tell(log, result, block.length);
        return result;
      }
      warn('block is too early for the node', { ...result });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (signal.aborted || parts.clock.now() >= deadlineMs) {
        if (!signal.aborted) log.error('block not submitted: the node did not answer', { reason });
        return { kind: 'unreachable', reason };
      }
      warn('block not submitted yet', { reason });
    }
    await pause(parts.clock, backOff.next(), signal);
  }
}

function isNotYet(result: SubmitResult): boolean {
  return result.kind === 'rejected' && NOT_YET.has(result.reason);
}

function tell(log: Logger, result: SubmitResult, bytes: number): void {
  if (result.kind === 'rejected') log.error('block refused', { reason: result.reason, bytes });
  else if (result.kind === 'unable') log.debug('block not submitted: the node takes none this way', { ...result });
  else log.info('block submitted', { ...result, bytes });
}
