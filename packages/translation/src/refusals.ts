import { type StratumError, stratumError } from '@sv2kit/sv1';

/** Why a V1 share is refused, before anything goes upstream. The miner gets the field's error number and a text. */
export const SHARE_REFUSALS = {
  'unknown-job': 'The miner never got a job of this id. Error 21.',
  'stale-job': 'The job is of an earlier tip or channel, or so old that it has been given up. Error 21.',
  'bad-extranonce2-size': "extranonce2 is not of the subscription's size. Error 20.",
  'bad-version-bits': 'Version bits outside the mask that was settled when the job was sent. Error 20.',
  'bad-ntime': "ntime below the job's least, or further ahead of the upstream's clock than pools take. Error 20.",
  'low-difficulty': "The hash is above the job's target. Error 23.",
  duplicate: 'The same header came before. Error 22.',
  'memory-exhausted': 'No more shares of this tip can be told from duplicates. Error 20.',
} as const;
export type ShareRefusal = keyof typeof SHARE_REFUSALS;

/** A share that was refused. One object per reason: a flood of bad shares allocates nothing. */
export interface Refused {
  readonly kind: 'refused';
  readonly reason: ShareRefusal;
  /** The answer for the miner. */
  readonly error: StratumError;
}

const refused = (reason: ShareRefusal, error: StratumError): Refused => ({ kind: 'refused', reason, error });

export const REFUSED: Readonly<Record<ShareRefusal, Refused>> = {
  'unknown-job': refused('unknown-job', stratumError('jobNotFound')),
  'stale-job': refused('stale-job', stratumError('jobNotFound', 'Stale share')),
  'bad-extranonce2-size': refused('bad-extranonce2-size', stratumError('other', 'Invalid extranonce2 size')),
  'bad-version-bits': refused('bad-version-bits', stratumError('other', 'Version bits outside the mask')),
  'bad-ntime': refused('bad-ntime', stratumError('other', 'Invalid ntime')),
  'low-difficulty': refused('low-difficulty', stratumError('lowDifficulty')),
  duplicate: refused('duplicate', stratumError('duplicateShare')),
  'memory-exhausted': refused('memory-exhausted', stratumError('other', 'Too many shares')),
};
