import type { Network } from './address.ts';

const COIN = 100_000_000n;
const FIRST_SUBSIDY = 50n * COIN;
/** Blocks between two halvings. */
const HALVING_INTERVAL = 210_000;
const REGTEST_HALVING_INTERVAL = 150;
/** Satoshis that no output and no sum of outputs may exceed. */
export const MAX_MONEY = 21_000_000n * COIN;

/** New satoshis that the block of this height may create, without fees. */
export function blockSubsidy(height: number, network: Network): bigint {
  if (!Number.isInteger(height) || height < 0) throw new RangeError(`a block height is not ${height}`);
  const halvings = Math.floor(height / (network === 'regtest' ? REGTEST_HALVING_INTERVAL : HALVING_INTERVAL));
  return halvings >= 64 ? 0n : FIRST_SUBSIDY >> BigInt(halvings);
}
