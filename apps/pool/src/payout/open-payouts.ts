import { coinbaseScript } from '@sv2kit/daemon';
import type { PoolConfig } from '../config.ts';
import type { Payouts, PayoutsDeps } from './payouts.ts';
import { PoolPayouts } from './pool-payouts.ts';
import { PplnsPayouts } from './pplns-payouts.ts';
import { SoloPayouts } from './solo-payouts.ts';

const PPM_PER_PERCENT = 10_000;

/** Payouts by the configured mode. */
export function openPayouts({ payout, coinbase, chain }: PoolConfig, deps: PayoutsDeps): Payouts {
  const { mode, fee, window, confirmations, inCoinbase, leastOutput, mostOutputs } = payout;
  const poolScript = coinbaseScript(coinbase, chain);
  const terms = { mode, feePpm: Math.round(fee * PPM_PER_PERCENT), window, confirmations, poolScript, chain };
  switch (mode) {
    case 'pool':
      return new PoolPayouts(terms);
    case 'solo':
      return new SoloPayouts(terms);
    case 'pplns':
      return inCoinbase
        ? new PplnsPayouts(terms, { leastOutput: BigInt(leastOutput), mostOutputs }, deps)
        : new PoolPayouts(terms);
  }
}
