import type { DueView, PayoutsQuery, PayoutsView } from '@sv2kit/monitor';
import type { QueryResult } from '@sv2kit/ledger';
import type { PayoutTerms } from '@sv2kit/payout';
import type { LedgerAnswers } from '@sv2kit/mining-server';

/** How is paid, and what is due for which block. */
export async function payoutsView(
  { offset, limit, account }: PayoutsQuery,
  { mode, feePpm, window, confirmations }: PayoutTerms,
  ledger: LedgerAnswers,
): Promise<PayoutsView> {
  const dues = await ledger.ask('dues', { offset, limit, ...(account === undefined ? {} : { account }) });
  return {
    mode,
    ...(mode === 'pool' ? {} : { feePercent: feePpm / 10_000 }),
    ...(mode === 'pplns' ? { window } : {}),
    confirmations,
    total: dues.total,
    items: dues.items.map(dueView),
  };
}

function dueView({
  account,
  amount,
  direct,
  state,
  block,
  height,
  sinceMs,
}: QueryResult<'dues'>['items'][number]): DueView {
  return {
    account,
    amount: Number(amount),
    state,
    block,
    ...(height === undefined ? {} : { height }),
    inCoinbase: direct > 0n,
    atMs: sinceMs,
  };
}
