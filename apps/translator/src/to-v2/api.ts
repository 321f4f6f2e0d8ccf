import { displayHash, type Network } from '@sv2kit/bitcoin';
import type { Work } from '@sv2kit/mining';
import {
  coinbaseHeight,
  coinbaseOutputs,
  coinbaseView,
  type JobCoinbase,
  WorkerList,
  workerView,
} from '@sv2kit/mining-server';
import {
  type BlockView,
  type ChannelView,
  type JobDetail,
  type JobView,
  type ListenView,
  pageOf,
  type PeerView,
  type RoleApi,
  type SharesView,
  type UpstreamView,
  type WorkerView,
} from '@sv2kit/monitor';
import type { Clock } from '@sv2kit/net';
import { splitUsername } from '@sv2kit/sv1';
import type { endpointName, UpstreamStates } from '@sv2kit/upstream';
import type { Hub } from './hub.ts';
import type { Miner } from './miner.ts';
import type { FoundHere, Totals } from './totals.ts';
import type { MadeJob } from './work-desk.ts';

/** What the API is made from. */
export interface ApiSources {
  readonly hub: Hub;
  readonly states: UpstreamStates;
  readonly endpoints: readonly Parameters<typeof endpointName>[0][];
  readonly listens: readonly ListenView[];
  /** Where it is known: for addresses. */
  readonly chain: Network | undefined;
  readonly clock: Clock;
}

/** What the role `translator` tells below /api/v1: miners as channels and workers, and the upstreams that they mine at. */
export function translatorApi({ hub, states, endpoints, listens, chain, clock }: ApiSources): RoleApi {
  const { workers, totals, desk, miners } = hub;
  const list = new WorkerList(workers);
  const now = (): number => clock.now();
  return {
    channels: (page) => pageOf([...miners].filter(isMining), page, (miner) => channelView(miner, now())),
    peers: (page) => pageOf(miners, page, peerView, miners.size),
    async workers(query) {
      const { total, items } = await list.page(query, now);
      return { total, items: items.map(undeclared) };
    },
    worker(name) {
      const worker = workers.find(name);
      return worker && { ...undeclared(workerView(worker, now(), workers)), history: [] };
    },
    shares: () => sharesView(totals, now()),
    history: ({ hours }) => ({ kept: 'memory', ...totals.minutes.history(hours, now()) }),
    listens: () => listens,
    jobs: (page) => pageOf(desk.made, page, (made) => jobView(made, desk.made[0], chain)),
    job: (id) => jobDetail(id, desk, chain),
    blocks: (page) => pageOf(totals.latestBlocks.toReversed(), page, blockView),
    upstreams: () =>
      states
        .reports(endpoints)
        .map((report) => ({ ...report, kind: 'pool', stats: report.active ? upstreamStats(hub) : {} })),
  };
}

function isMining({ phase }: Miner): boolean {
  return phase === 'seated' || phase === 'adrift';
}

function channelView(miner: Miner, nowMs: number): ChannelView {
  const { connection, session, tally, username, jobId } = miner;
  const { account: user, worker } = splitUsername(username);
  return {
    connection: connection.id,
    channelId: miner.number,
    kind: 'v1',
    user,
    worker,
    hashrate: tally.meter.hashrates(nowMs),
    accepted: tally.accepted,
    rejected: { ...tally.refused, ...upstreamCodes(tally.rejected) },
    work: tally.work,
    bestDifficulty: tally.bestDifficulty,
    ...(tally.lastShareMs === 0 ? {} : { lastShareAtMs: Math.round(tally.lastShareMs) }),
    device: session.userAgent,
    remote: connection.remote.address,
    difficulty: miner.difficulty ?? 0,
    openedAtMs: Math.round(miner.sinceMs),
    ...(jobId === undefined ? {} : { jobId }),
  };
}

function peerView(miner: Miner): PeerView {
  const { connection, session, profile, phase, workers, tally } = miner;
  return {
    connection: connection.id,
    remote: connection.remote.address,
    protocol: 'v1',
    device: session.userAgent,
    channels: isMining(miner) ? 1 : 0,
    sinceMs: Math.round(miner.sinceMs),
    stats: {
      phase,
      family: profile.family,
      encrypted: connection.encrypted,
      workers,
      forwarded: tally.forwarded,
      credited: tally.credited,
      lost: tally.lost,
    },
  };
}

/** V1 has no word for what a miner says of its hashrate. */
function undeclared(view: WorkerView): WorkerView {
  return Object.fromEntries(Object.entries(view).filter(([name]) => name !== 'declaredHashrate')) as WorkerView;
}

/** Codes of the upstream beside our own. */
function upstreamCodes(rejected: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(rejected).map(([code, count]) => [`upstream: ${code}`, count]));
}

function sharesView(totals: Totals, nowMs: number): SharesView {
  return {
    accepted: totals.accepted,
    rejected: { ...totals.refused.facts(), ...upstreamCodes(totals.rejected.facts()) },
    work: totals.work,
    bestDifficulty: totals.bestDifficulty,
    hashrate: totals.meter.hashrates(nowMs),
    blocks: totals.blocks,
    sinceMs: Math.round(totals.sinceMs),
  };
}

function jobView(made: MadeJob, latest: MadeJob | undefined, chain: Network | undefined): JobView {
  const { work, job, atMs } = made;
  return {
    ...extendedFacts(work, chain),
    id: job.id,
    origin: 'upstream',
    state: made === latest ? 'active' : 'stale',
    kind: 'v1',
    prevHash: displayHash(work.prevHash),
    createdAtMs: Math.round(atMs),
  };
}

/** What can be read in the coinbase that the upstream has made. */
function extendedFacts(
  { space }: Work,
  chain: Network | undefined,
): Pick<JobView, 'coinbaseOutputs' | 'height' | 'transactions'> {
  const coinbase = coinbaseOf(space);
  if (coinbase === undefined || space.kind !== 'extended') return {};
  const outputs = coinbaseOutputs(coinbase, chain);
  const height = coinbaseHeight(coinbase);
  return {
    ...(height !== undefined && { height }),
    ...(space.merklePath.length === 0 && { transactions: 0 }),
    ...(outputs !== undefined && { coinbaseOutputs: outputs }),
  };
}

function coinbaseOf(space: Work['space']): JobCoinbase | undefined {
  if (space.kind !== 'extended') return undefined;
  const { coinbasePrefix: prefix, coinbaseSuffix: suffix, extranoncePrefix, extranonceSize } = space;
  return { prefix, suffix, extranonceSize: extranoncePrefix.length + extranonceSize };
}

function jobDetail(id: string, { made }: Hub['desk'], chain: Network | undefined): JobDetail | undefined {
  const found = made.find(({ job }) => job.id === id);
  const coinbase = found && coinbaseOf(found.work.space);
  return found && { ...jobView(found, made[0], chain), ...(coinbase && { coinbase: coinbaseView(coinbase) }) };
}

function blockView({ hash, username, atMs }: FoundHere): BlockView {
  const { account: user, worker } = splitUsername(username);
  return { hash, status: 'found', foundAtMs: Math.round(atMs), user, worker, path: 'upstream', via: 'v1' };
}

function upstreamStats({ link, totals, desk, clock }: Hub): UpstreamView['stats'] {
  return {
    channels: link?.channels ?? 0,
    groups: link?.groups ?? 0,
    opening: link?.opening ?? 0,
    extensions: (link?.extensions ?? []).join(','),
    forwarded: totals.forwarded,
    accepted: totals.acknowledged,
    rejected: totals.rejected.sum,
    lost: totals.lost.sum,
    creditedWork: totals.creditedWork,
    lastJobMs: desk.latestMs === undefined ? null : clock.now() - desk.latestMs,
  };
}
