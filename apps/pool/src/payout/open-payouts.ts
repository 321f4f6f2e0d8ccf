import { coinbaseScript } from '@sv2kit/daemon';
import type { PayoutTerms } from '@sv2kit/payout';
import type { PoolConfig } from '../config.ts';
import type { Payouts, PayoutsDeps } from './payouts.ts';
import { PoolPayouts } from './pool-payouts.ts';
import { PplnsPayouts } from './pplns-payouts.ts';
import { SoloPayouts } from './solo-payouts.ts';

const PPM_PER_PERCENT = 10_000;

/** Payouts by the configured mode; their terms are in the journal before any block that they govern. */
export function openPayouts({ payout, coinbase, chain }: PoolConfig, deps: PayoutsDeps): Payouts {
  const { mode, fee, window, confirmations, inCoinbase, leastOutput, mostOutputs } = payout;
  const poolScript = coinbaseScript(coinbase, chain);
  const terms = { mode, feePpm: Math.round(fee * PPM_PER_PERCENT), window, confirmations, poolScript, chain };
  recordTerms(terms, deps);
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

/** A journal that takes nothing yet gets them before anything else that it takes. */
function recordTerms(terms: PayoutTerms, { journal, clock }: Pick<PayoutsDeps, 'journal' | 'clock'>): void {
  let recorded = false;
  const record = (): void => {
    recorded = Number.isFinite(journal.append({ type: 'PayoutTerms', timeMs: clock.now(), ...terms }));
  };
  record();
  if (recorded) return;
  journal.onState(({ kind }) => {
    if (kind === 'ok' && !recorded) record();
  });
}
