import { blockSubsidy, heightOf, type Network } from '@sv2kit/bitcoin';
import type { WorkTemplate } from '@sv2kit/mining';
import type { MiningServerDeps } from '@sv2kit/mining-server';
import type { TemplateView } from '@sv2kit/monitor';
import type { TemplateLine } from './template-line.ts';
import type { TransactionStore } from './transaction-store.ts';

/** Where what is known of templates is. */
export interface TemplateFactsSources {
  readonly line: () => Pick<TemplateLine, 'sourceOf'>;
  readonly transactions: Pick<TransactionStore, 'get'> | undefined;
  readonly chain: Network;
}

/** What a mining server tells of templates beyond its jobs: for its deps. */
export function templateFacts({
  line,
  transactions,
  chain,
}: TemplateFactsSources): Required<Pick<MiningServerDeps, 'describe' | 'contents' | 'source'>> {
  return {
    describe: (template) => factsOf(template, transactions, chain),
    contents: (template) => transactions?.get(template)?.known,
    source: (template) => line().sourceOf(template),
  };
}

/** How many transactions it has, and their fees where the chain's subsidy is known. */
function factsOf(
  template: WorkTemplate,
  transactions: TemplateFactsSources['transactions'],
  chain: Network,
): Pick<TemplateView, 'transactions' | 'fees'> {
  const known = transactions?.get(template)?.data.length;
  const fees = template.coinbaseTxValueRemaining - blockSubsidy(heightOf(template.coinbasePrefix), chain);
  return {
    ...(known === undefined ? {} : { transactions: known }),
    // Signets may have rules of their own.
    ...(fees < 0n ? {} : { fees: Number(fees) }),
  };
}
