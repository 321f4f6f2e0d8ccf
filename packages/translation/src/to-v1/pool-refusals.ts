import { STRATUM_ERROR_NUMBERS, type StratumError } from '@sv2kit/sv1';

/** Why V1 pools refuse shares, as far as their numbers and texts can be told apart. */
export const POOL_REFUSALS = {
  stale: 'The job is gone, or was never known: usually a tip that the pool saw first.',
  duplicate: 'The pool has the share already.',
  'low-difficulty': 'Easier than the pool asks for.',
  unauthorised: 'The pool does not know the user or worker.',
  'not-subscribed': 'The pool has forgotten the subscription.',
  'bad-version': 'Version bits that the pool does not allow.',
  'bad-ntime': 'A time that the pool does not allow.',
  other: 'Anything else; the log has the text.',
} as const;
export type PoolRefusal = keyof typeof POOL_REFUSALS;

/** Texts come first: several pools give every refusal the same number. */
const TEXTS: readonly (readonly [RegExp, PoolRefusal])[] = [
  [/stale|job.?not.?found|(unknown|invalid|old|expired).?(job|work(?!er))/i, 'stale'],
  [/duplicate/i, 'duplicate'],
  [/low.{0,16}diff|diff.{0,24}(low|below)|above.?target|high.?hash|hash.{0,8}high/i, 'low-difficulty'],
  [/\bn.?time|time (is )?(out|invalid|too)/i, 'bad-ntime'],
  [/version/i, 'bad-version'],
  [/un-?authori[sz]ed|not authori[sz]ed|(unknown|invalid|bad|missing).?(user|worker)/i, 'unauthorised'],
  [/not.?subscribed/i, 'not-subscribed'],
];

const NUMBERS: ReadonlyMap<number, PoolRefusal> = new Map([
  [STRATUM_ERROR_NUMBERS.jobNotFound, 'stale'],
  [STRATUM_ERROR_NUMBERS.duplicateShare, 'duplicate'],
  [STRATUM_ERROR_NUMBERS.lowDifficulty, 'low-difficulty'],
  [STRATUM_ERROR_NUMBERS.unauthorised, 'unauthorised'],
  [STRATUM_ERROR_NUMBERS.notSubscribed, 'not-subscribed'],
]);

/** What a pool's error means. */
export function poolRefusal({ code, message }: StratumError): PoolRefusal {
  return TEXTS.find(([pattern]) => pattern.test(message))?.[1] ?? NUMBERS.get(code) ?? 'other';
}
