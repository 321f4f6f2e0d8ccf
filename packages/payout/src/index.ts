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
export { type Due, type Dues, feeOf, Shares } from './dues.ts';
export { dustLimit } from './dust.ts';
export {
  outputLimits,
  type OutputLimits,
  type OutputRequest,
  type OutputSplit,
  type SettledDue,
  splitOutputs,
} from './outputs.ts';
export { type CoinbaseSplit, Split, type SplitRule } from './split.ts';
export { decodeSplit, encodeSplit, type RecordedSplit, scaleWeights, SplitError } from './split-codec.ts';
export { PAYOUT_MODES, type PayoutMode, type PayoutTerms, POOL_ACCOUNT, type Weight } from './types.ts';
export { accountOf, parseUser, scriptOfAccount, type User } from './user.ts';
export { byAccount, type Slice, type Window, windowOf, windowWork, WorkWindow } from './window.ts';
export { difficultyOf, workOf } from './work.ts';
