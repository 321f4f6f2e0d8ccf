import { blockSubsidy, heightOf } from '@sv2kit/bitcoin';
import type { WorkTemplate } from '@sv2kit/mining';
import type { TemplateView } from '@sv2kit/monitor';
import type { TransactionStore } from '@sv2kit/template-source';
import type { PoolConfig } from '../config.ts';

/** What is known of a template: how many transactions it has, and their fees where the chain's subsidy is known. */
export function templateFacts(
  template: WorkTemplate,
  transactions: Pick<TransactionStore, 'get'> | undefined,
  chain: PoolConfig['chain'],
): Pick<TemplateView, 'transactions' | 'fees'> {
  const known = transactions?.get(template)?.data.length;
  const fees = template.coinbaseTxValueRemaining - blockSubsidy(heightOf(template.coinbasePrefix), chain);
  return {
    ...(known === undefined ? {} : { transactions: known }),
    // Signets may have rules of their own.
    ...(fees < 0n ? {} : { fees: Number(fees) }),
  };
}
