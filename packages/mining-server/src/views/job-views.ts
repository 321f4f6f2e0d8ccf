import { blockSubsidy, displayHash } from '@sv2kit/bitcoin';
import type { Job, WorkSource } from '@sv2kit/mining';
import type { CoinbaseOutputView, JobDetail, JobView, Listing, Page } from '@sv2kit/monitor';
import type { BlockPath } from '../config.ts';
import type { ServerContext } from '../context.ts';
import type { Miner } from '../miner.ts';
import { coinbaseOutputs, coinbaseView } from './coinbase-view.ts';
import { contentOf } from './template-views.ts';

/** Channels beyond which nobody counts who works on what. */
const COUNTED = 20_000;

interface Mined {
  readonly job: Job;
  readonly state: JobView['state'];
  readonly prevHash: Uint8Array | undefined;
  readonly createdAtMs: number;
  /** Of a job that a client brought. */
  readonly miners?: Miner[];
}
type Counts = ReadonlyMap<Job, number> | undefined;

/** What is mined now and what waits for the next tip, one job for each recipe; then the jobs that clients brought. */
export function jobViews(context: ServerContext, { offset, limit }: Page): Listing<JobView> {
  const mined = minedJobs(context);
  const channels = channelsByJob(context);
  const items = mined.slice(offset, offset + limit).map((each) => jobView(context, each, channels));
  return { total: mined.length, items };
}

/** One of them with its coinbase, and its transactions where they are known. */
export async function jobDetail(context: ServerContext, id: string): Promise<JobDetail | undefined> {
  const mined = minedJobs(context).find(({ job }) => String(job.id) === id);
  if (mined === undefined) return undefined;
  const { coinbase, origin } = mined.job;
  const view = { ...jobView(context, mined, channelsByJob(context)), coinbase: coinbaseView(coinbase) };
  if (origin.kind !== 'template') return view;
  const { transactionList, cut } = await contentOf(context, origin.template);
  return {
    ...view,
    ...(transactionList !== undefined && { transactionList }),
    ...(cut !== undefined && { cut }),
  };
}

function minedJobs(context: ServerContext): Mined[] {
  const { board, downstreams } = context;
  const mined: Mined[] = [];
  const { work } = board;
  if (work !== undefined) mined.push(...ofSource(context, work.current, 'active', work.tip.prevHash));
  for (const source of board.futures) mined.push(...ofSource(context, source, 'future', undefined));
  const custom = new Map<Job, Mined & { readonly miners: Miner[] }>();
  for (const downstream of downstreams) {
    if (downstream.selectsWork) for (const miner of downstream.miners) collectCustom(miner, custom);
  }
  mined.push(...custom.values());
  return mined;
}

function channelsByJob({ downstreams, register }: ServerContext): Counts {
  if (register.open > COUNTED) return undefined;
  const channels = new Map<Job, number>();
  for (const { miners } of downstreams) {
    for (const { channel } of miners) {
      const job = channel.active?.job;
      if (job !== undefined) channels.set(job, (channels.get(job) ?? 0) + 1);
    }
  }
  return channels;
}

function ofSource(
  { received, register }: ServerContext,
  source: WorkSource,
  state: JobView['state'],
  prevHash: Uint8Array | undefined,
): Mined[] {
  const createdAtMs = received.get(source.input) ?? 0;
  return register.open === 0 ? [] : [...source.jobs].map((job) => ({ job, state, prevHash, createdAtMs }));
}

function collectCustom(miner: Miner, into: Map<Job, Mined & { readonly miners: Miner[] }>): void {
  const live = miner.channel.active;
  if (live?.job.origin.kind !== 'custom') return;
  const known = into.get(live.job);
  if (known !== undefined) return void known.miners.push(miner);
  const { prevHash } = live.work.tip;
  into.set(live.job, { job: live.job, state: 'active', prevHash, createdAtMs: live.sinceMs, miners: [miner] });
}

function jobView(context: ServerContext, { job, state, prevHash, createdAtMs, miners }: Mined, all: Counts): JobView {
  const { config, deps } = context;
  const { origin } = job;
  const outputs = coinbaseOutputs(job.coinbase, config.chain);
  const [miner] = miners ?? [];
  const channels = miners?.length ?? (all === undefined ? undefined : (all.get(job) ?? 0));
  const facts =
    origin.kind === 'template'
      ? { ...deps.describe?.(origin.template), templateId: String(origin.template.templateId) }
      : feesOf(context, job, outputs);
  return {
    id: String(job.id),
    origin: originOf(context.pathOf(job)),
    state,
    kind: origin.kind,
    height: job.height,
    ...(prevHash === undefined ? {} : { prevHash: displayHash(prevHash) }),
    ...(job.merklePath.length === 0 ? { transactions: 0 } : {}),
    ...facts,
    createdAtMs: Math.round(createdAtMs),
    ...(channels === undefined ? {} : { channels }),
    ...(miner === undefined ? {} : { user: miner.worker.user }),
    ...(outputs === undefined ? {} : { coinbaseOutputs: outputs }),
  };
}

/** What a coinbase claims beyond the subsidy; who made it knows the transactions, here nobody does. */
function feesOf(
  { config: { chain } }: ServerContext,
  { height }: Job,
  outputs: readonly CoinbaseOutputView[] | undefined,
): Pick<JobView, 'fees'> {
  if (chain === undefined || outputs === undefined) return {};
  const fees = outputs.reduce((sum, { value }) => sum + value, 0) - Number(blockSubsidy(height, chain));
  return fees < 0 ? {} : { fees };
}

function originOf(path: BlockPath): JobView['origin'] {
  switch (path) {
    case 'pool-template':
      return 'pool';
    case 'solo':
      return 'solo';
    case 'v1-pool':
      return 'upstream';
    case 'declared-full-template':
    case 'coinbase-only':
      return 'declared';
  }
}
