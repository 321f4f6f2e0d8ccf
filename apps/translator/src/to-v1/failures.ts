/** Why a V1 pool is given up for the next one, or for none. */
export const POOL_FAILURE_REASONS = {
  'extranonce-too-small':
    'Its extranonce2 leaves no room for channels; the detail says how many would fit another extranonce.room.',
  'unusable-jobs': 'Jobs in a row that cannot be mined; the detail says why.',
  'no-jobs': 'No job for too long.',
  'shares-refused': 'It refuses too many of the shares that were good here.',
  'shares-unanswered': 'A share has had no answer for too long.',
} as const;
export type PoolFailureReason = keyof typeof POOL_FAILURE_REASONS;

/** A reason and, where there is more to say, what. */
export interface PoolFailure {
  readonly reason: PoolFailureReason;
  readonly detail: string;
}

/** Why shares that a pool would have paid for never got to it, or got no answer. */
export const LOST_POOL_SHARE_REASONS = {
  'pool-away': 'The connection to their pool was gone, and it did not come back with the same extranonce1.',
  'cache-full': 'Too many shares waited for their pool, and these were the easiest.',
  unanswered: 'The connection ended, or too many others followed, before the pool had answered them.',
  'job-replaced': 'The pool has given another job under the id of theirs.',
  'other-extranonce': "Their extranonce is not their job's.",
} as const;
export type LostPoolShare = keyof typeof LOST_POOL_SHARE_REASONS;
