import {
  BitcoinError,
  decodeHeader,
  difficultyFromTarget,
  MAX_MONEY,
  parseTransaction,
  targetFromNbits,
  type TxOut,
} from '@sv2kit/bitcoin';
import type { BlockFound } from '../records/records.ts';

/** @returns undefined for a coinbase that cannot be: then nobody can say what it owes */
export function outputsOf({ coinbase }: BlockFound): readonly TxOut[] | undefined {
  try {
    const { outputs } = parseTransaction(coinbase);
    const sum = outputs.reduce((total, { value }) => total + value, 0n);
    return sum > MAX_MONEY ? undefined : outputs;
  } catch (error) {
    if (error instanceof BitcoinError) return undefined;
    throw error;
  }
}

/** Of a header that cannot be read, 0: its window is empty. */
export function networkDifficultyOf({ header }: BlockFound): number {
  try {
    const difficulty = difficultyFromTarget(targetFromNbits(decodeHeader(header).nbits));
    return Number.isFinite(difficulty) ? difficulty : 0;
  } catch (error) {
    if (error instanceof BitcoinError) return 0;
    throw error;
  }
}
