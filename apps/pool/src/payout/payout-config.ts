import { boolean, choice, integer, type Mismatch, number, section, type ValuesOf } from '@sv2kit/daemon';
import { PAYOUT_MODES } from '@sv2kit/payout';

const DECLARED =
  'Jobs that miners declare pay one output of the pool whatever the mode: what is due for those is owed, not paid directly.';

const fields = {
  mode: choice(
    PAYOUT_MODES,
    'pool',
    `All to [coinbase]; to the address that finds a block (solo); or by the work of a window (pplns). ${DECLARED}`,
  ),
  fee: number(0, 'Per cent of a block that the pool keeps, where it is not all.', { min: 0, max: 100 }),
  window: number(2, "PPLNS: work that shares in a block, in multiples of the network's difficulty.", {
    min: 0.001,
    max: 1000,
  }),
  confirmations: integer(100, 'Of a block, before what it owes is due; its coinbase can be spent after 100.', {
    min: 1,
    max: 100,
  }),
  inCoinbase: boolean(true, 'PPLNS: whether coinbases pay addresses directly; what they do not pay is owed.'),
  leastOutput: integer(10_000, 'PPLNS: satoshis below which nobody is paid directly.', { min: 0, max: 100_000_000 }),
  mostOutputs: integer(
    13,
    "PPLNS: outputs of a coinbase, the pool's included: 8 for rented hashrate of NiceHash, 13 for an S19, 49 for an S21.",
    { min: 2, max: 2000 },
  ),
};

/** `[payout]` */
export const payoutSection = section('How miners are paid.', fields);
export type PayoutConfig = ValuesOf<typeof fields>;

/** What is wrong with it, in the words of the configuration. */
export function checkPayout(payout: PayoutConfig, ledger: { readonly database: string }): readonly Mismatch[] {
  if (payout.mode === 'pool' && payout.fee > 0) {
    return [{ key: 'payout.fee', wrong: 'is of no use while the pool keeps everything', example: 'mode = "pplns"' }];
  }
  if (payout.mode === 'pplns' && ledger.database === 'none') {
    const wrong = 'is pplns, which shares blocks out by work that [ledger] database = "none" does not keep';
    return [{ key: 'payout.mode', wrong, example: 'database = "sqlite"' }];
  }
  return [];
}
