import type { Ledger } from '@sv2kit/ledger';
import { LedgerAnswers, type MiningServer, workersHistory, workerWithHistory } from '@sv2kit/mining-server';
import type { JobView, ListenView, RoleApi, SharesView, UpstreamView } from '@sv2kit/monitor';
import type { Clock } from '@sv2kit/net';
import { type BlockDesk, blockViews, providerView, type TemplateLine } from '@sv2kit/template-source';
import type { Client } from './client.ts';
import type { Pair } from './pair.ts';

/** What the API is made from. */
export interface ApiSources {
  readonly server: MiningServer;
  readonly line: TemplateLine;
  readonly blocks: Pick<BlockDesk, 'list'>;
  readonly client: Client;
  readonly ledger: Ledger;
  /** Where the ledger's database is. */
  readonly database: 'sqlite' | 'postgres' | 'none';
  readonly listens: readonly ListenView[];
  readonly clock: Clock;
}

/** What the job declarator client tells below /api/v1: its devices as a mining server has them, and what it is a client of. */
export function jdClientApi({ server, line, blocks, client, ledger, database, listens, clock }: ApiSources): RoleApi {
  const answers = new LedgerAnswers(ledger);
  return {
    ...server.api,
    jobs(page) {
      const { total, items } = server.api.jobs(page);
      return { total, items: items.map((job) => withAim(job, client)) };
    },
    async job(id) {
      const job = await server.api.job(id);
      return job && withAim(job, client);
    },
    shares: () => withPool(server.api.shares(), client),
    worker: (name, query) => workerWithHistory(name, query, server.api.worker(name), answers, clock.now()),
    history: (query) => workersHistory(query, server.api.history, answers, clock.now()),
    listens: () => listens,
    blocks: (page) => blockViews(page, blocks.list(), answers),
    ledger: () => answers.view(database),
    upstreams: () => [
      providerView(line, server.working, clock.now()),
      ...client.pairs.list.flatMap((pair) => pairViews(pair, client)),
    ],
  };
}

/** What waits for its tip is declared once that is there, while there is a pool. */
function withAim<J extends JobView>(job: J, { desk }: Client): J {
  const isToCome = job.state === 'future' && desk.aim.kind === 'pooled';
  return isToCome ? { ...job, origin: 'declared' } : job;
}

/** Shares that a pool has rejected were accepted here: they are told by the pool's code beside. */
function withPool(shares: SharesView, { totals }: Client): SharesView {
  const rejected = [...totals.rejected].map(([code, count]) => [`upstream: ${code}`, count]);
  return { ...shares, rejected: { ...shares.rejected, ...Object.fromEntries(rejected) } };
}

/** A pool and its job declarator server; `active` where they are mined for. */
function pairViews(pair: Pair, { pairs, totals }: Client): UpstreamView[] {
  const { failure, config } = pair;
  const { tokens, unanswered, rejections } = pair.state;
  const [pool, declarator] = pair.reports;
  const active = pairs.used === pair;
  const shared = {
    mode: config.mode,
    passedOverUntilMs: pairs.benchedUntil(pair) ?? null,
    failure: failure?.reason ?? null,
    failedAtMs: failure === undefined ? null : Math.round(failure.atMs),
  };
  const why = failure === undefined || active ? {} : { reason: reasonOf(failure) };
  const { relayed, credited } = totals;
  const ofAll = active ? { relayed: relayed.count, credited: credited.count, creditedWork: credited.work } : {};
  return [
    { ...why, ...pool, kind: 'pool', active, stats: { ...shared, unanswered, rejectedOfLast: rejections, ...ofAll } },
    { ...declarator, kind: 'job-declarator', active, stats: { ...shared, tokens } },
  ];
}

function reasonOf({ reason, detail }: NonNullable<Pair['failure']>): string {
  return detail === undefined ? reason : `${reason}: ${detail}`;
}
