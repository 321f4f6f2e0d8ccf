import type { Ledger } from '@sv2kit/ledger';
import {
  LedgerAnswers,
  luckOf,
  type MiningServer,
  ROUNDS,
  workersHistory,
  workerWithHistory,
} from '@sv2kit/mining-server';
import type { ListenView, RoleApi } from '@sv2kit/monitor';
import type { PayoutTerms } from '@sv2kit/payout';
import { type BlockDesk, blockViews } from '@sv2kit/template-source';
import { payoutsView } from './payout-answers.ts';
import { type UpstreamParts, upstreamViews } from './upstream-answers.ts';

export interface ApiParts extends Omit<UpstreamParts, 'working'> {
  readonly server: MiningServer;
  readonly ledger: Ledger;
  /** Where the ledger's database is. */
  readonly database: 'sqlite' | 'postgres' | 'none';
  readonly desk: Pick<BlockDesk, 'list'>;
  readonly terms: PayoutTerms;
  readonly listens: readonly ListenView[];
  /** Unix milliseconds. */
  now(): number;
}

/**
 * What the pool answers below /api/v1. What happens now comes from memory; blocks, payouts and history from the ledger's
 * database: while that is away these alone are answered as unavailable.
 */
export function poolApi(parts: ApiParts): RoleApi {
  const { server, desk, terms, database, listens, now } = parts;
  const ledger = new LedgerAnswers(parts.ledger);
  return {
    ...server.api,
    worker: (name, query) => workerWithHistory(name, query, server.api.worker(name), ledger, now()),
    async shares() {
      const rounds = await ledger.tryAsk('rounds', { limit: ROUNDS });
      return { ...server.api.shares(), ...(rounds && luckOf(rounds, server.networkTarget)) };
    },
    history: (query) => workersHistory(query, server.api.history, ledger, now()),
    listens: () => listens,
    blocks: (page) => blockViews(page, desk.list(), ledger),
    upstreams: () => upstreamViews({ ...parts, working: server.working }, now()),
    ...(ledger.exists && { payouts: (query) => payoutsView(query, terms, ledger) }),
    ledger: () => ledger.view(database),
  };
}
