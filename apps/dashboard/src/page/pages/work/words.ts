import type { CoinbaseOutputView, JobView, TemplateView } from '@sv2kit/monitor';

/** Who chose what is in a block, in words. */
export function chooser({ origin, user }: Pick<JobView, 'origin' | 'user'>): string {
  switch (origin) {
    case 'pool':
      return 'chosen by the pool';
    case 'declared':
      return `chosen by ${user ?? 'the miner'}, declared to the pool`;
    case 'solo':
      return 'chosen by the miner, for itself alone';
    case 'upstream':
      return 'chosen by the upstream';
    default:
      return origin satisfies never;
  }
}

/** What an output of a coinbase is, where it has no address. */
export function outputWords({ address, script }: CoinbaseOutputView): string {
  if (address !== undefined) return address;
  if (script.startsWith('6a24aa21a9ed')) return 'witness commitment';
  if (script.startsWith('6a')) return 'data (OP_RETURN)';
  return script === '' ? 'anyone (empty script)' : `script ${script}`;
}

/** The work of a role, whatever it is. */
export type Work = JobView | TemplateView;

/** When it was made or came. */
export function bornAtMs(work: Work): number | undefined {
  return 'createdAtMs' in work ? work.createdAtMs : work.receivedAtMs;
}

/** What its coinbase pays or may pay, in satoshis, where it is told. */
export function revenueOf(work: Work): number | undefined {
  if ('revenue' in work && work.revenue !== undefined) return work.revenue;
  return work.coinbaseOutputs?.reduce((sum, { value }) => sum + value, 0);
}

/** Weight units of a block. */
export const MAX_WEIGHT = 4_000_000;
