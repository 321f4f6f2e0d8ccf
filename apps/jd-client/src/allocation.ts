import { type AgreedOutputs, type Failure, judgeOutputs } from '@sv2kit/declaration';
import type { Logger } from '@sv2kit/net';
import { JD_CLIENT_LIMITS } from './limits.ts';

/** What becomes of outputs that a job declarator server allocates (§6.4.2). */
export type Allocation =
  | { readonly kind: 'agreed'; readonly agreed: AgreedOutputs }
  | { readonly kind: 'refused'; readonly failure: Failure };

/**
 * Whether blocks can be made with them: they pay whom they should and leave room for transactions.
 * @param counted as they stand in a transaction, behind their count
 * @param expectedPayout the locking script of the payout output; any when undefined
 */
export function judgeAllocation(counted: Uint8Array, expectedPayout: Uint8Array | undefined, log: Logger): Allocation {
  const verdict = judgeOutputs(counted, expectedPayout);
  if (verdict.kind === 'refused') {
    const { reason, detail } = verdict;
    log.error("the pool's outputs are not as agreed", { reason, detail });
    return { kind: 'refused', failure: { reason, detail } };
  }
  const { agreed } = verdict;
  const { outputBytes, outputSigops } = JD_CLIENT_LIMITS;
  if (agreed.size <= outputBytes && agreed.sigops <= outputSigops) return { kind: 'agreed', agreed };
  const detail = `${agreed.size} bytes, ${agreed.sigops} sigops`;
  return { kind: 'refused', failure: { reason: 'outputs-too-large', detail } };
}
