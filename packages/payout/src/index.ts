/**
 * Who a block pays: users and their addresses, windows of work, dues exact to the satoshi, outputs of a coinbase.
 * Pure: no time, randomness or input and output; runs in a browser.
 *
 * @example
 * ```ts
 * import { difficultyOf, workOf } from '@sv2kit/payout';
 *
 * const work = workOf(1024) + workOf(0.5);
 * console.assert(difficultyOf(work) === 1024.5);
 * ```
 *
 * @packageDocumentation
 */
export { PAYOUT_MODES, type PayoutMode, type PayoutTerms, type Weight } from './types.ts';
export { difficultyOf, workOf } from './work.ts';
