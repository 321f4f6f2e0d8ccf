import type { Ledger } from '@sv2kit/ledger';
import { LedgerAnswers, type MiningServer, workersHistory, workerWithHistory } from '@sv2kit/mining-server';
import type { ListenView, RoleApi, UpstreamView } from '@sv2kit/monitor';
import type { Clock } from '@sv2kit/net';
import { type BlockDesk, blockViews } from '@sv2kit/template-source';
import type { Translator } from './translator.ts';

/** What the API is made from. */
export interface ApiSources {
  readonly server: MiningServer;
  readonly translator: Translator;
  readonly blocks: Pick<BlockDesk, 'list'>;
  readonly ledger: Ledger;
  /** Where the ledger's database is. */
  readonly database: 'sqlite' | 'postgres' | 'none';
  readonly listens: readonly ListenView[];
  readonly clock: Clock;
}

/** What the translator to V1 tells below /api/v1: its devices as a mining server has them, and the V1 pools. */
export function translatorToV1Api(sources: ApiSources): RoleApi {
  const { server, translator, blocks, ledger, database, listens, clock } = sources;
  const answers = new LedgerAnswers(ledger);
  return {
    ...server.api,
    worker: (name, query) => workerWithHistory(name, query, server.api.worker(name), answers, clock.now()),
    history: (query) => workersHistory(query, server.api.history, answers, clock.now()),
    listens: () => listens,
    blocks: (page) => blockViews(page, blocks.list(), answers),
    ledger: () => answers.view(database),
    upstreams: () =>
      translator.states
        .reports(translator.endpoints)
        .map((report) => ({ ...report, kind: 'v1-pool', stats: report.active ? poolStats(translator) : {} })),
  };
}

function poolStats({ link, totals, desk, relay }: Translator): UpstreamView['stats'] {
  const { current, space } = desk;
  return {
    relayed: totals.relayed.count,
    accepted: totals.accepted.count,
    refused: [...totals.refused.values()].reduce((sum, { count }) => sum + count, 0),
    unanswered: link?.unanswered ?? 0,
    refusedOfLast: link?.refusals ?? 0,
    held: relay.held,
    workers: link?.workers.known ?? 0,
    difficulty: current?.work.poolJob.difficulty ?? null,
    height: current?.work.job.height ?? null,
    channelsFit: space?.channels ?? null,
  };
}
