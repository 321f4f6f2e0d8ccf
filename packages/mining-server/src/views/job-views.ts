import { BitcoinError, displayHash, joinCoinbase, parseTransaction } from '@sv2kit/bitcoin';
import { fromUtf8 } from '@sv2kit/codec';
import type { Job, WorkSource } from '@sv2kit/mining';
import type { CoinbaseOutputView, JobView, Listing, Page, TemplateView } from '@sv2kit/monitor';
import type { BlockPath } from '../config.ts';
import type { ServerContext } from '../context.ts';
import type { Miner } from '../miner.ts';

interface Mined {
  readonly job: Job;
  readonly state: JobView['state'];
  readonly prevHash: Uint8Array | undefined;
  readonly createdAtMs: number;
  /** Of a job that a client brought. */
  readonly miners?: Miner[];
}

/** What is mined now and what waits for the next tip, one job for each recipe; then the jobs that clients brought. */
export function jobViews(context: ServerContext, { offset, limit }: Page): Listing<JobView> {
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
  const items = mined.slice(offset, offset + limit).map((each) => jobView(context, each));
  return { total: mined.length, items };
}

/** Templates that are mined, or wait for the next tip. */
export function templateViews(context: ServerContext, { offset, limit }: Page): Listing<TemplateView> {
  const { work, futures } = context.board;
  const items: TemplateView[] = [];
  if (work !== undefined) items.push(...templateView(context, work.current, 'active', work.tip.prevHash));
  for (const source of futures) items.push(...templateView(context, source, 'future', undefined));
  return { total: items.length, items: items.slice(offset, offset + limit) };
}

function templateView(
  { received, deps }: ServerContext,
  { input, height }: WorkSource,
  state: TemplateView['state'],
  prevHash: Uint8Array | undefined,
): TemplateView[] {
  if (!('templateId' in input)) return [];
  const isEmpty = input.merklePath.length === 0;
  const view = {
    id: String(input.templateId),
    state,
    height,
    ...(prevHash === undefined ? {} : { prevHash: displayHash(prevHash) }),
    ...(isEmpty ? { transactions: 0 } : {}),
    ...deps.describe?.(input),
    receivedAtMs: Math.round(received.get(input) ?? 0),
    revenue: Number(input.coinbaseTxValueRemaining),
    isEmpty,
  };
  return [view];
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

function jobView(context: ServerContext, { job, state, prevHash, createdAtMs, miners }: Mined): JobView {
  const { origin } = job;
  const template = origin.kind === 'template' ? origin.template : undefined;
  const outputs = coinbaseOutputs(job);
  const [miner] = miners ?? [];
  return {
    id: String(job.id),
    origin: originOf(context.pathOf(job)),
    state,
    kind: origin.kind,
    height: job.height,
    ...(prevHash === undefined ? {} : { prevHash: displayHash(prevHash) }),
    ...(job.merklePath.length === 0 ? { transactions: 0 } : {}),
    ...(template === undefined
      ? {}
      : { ...context.deps.describe?.(template), templateId: String(template.templateId) }),
    createdAtMs: Math.round(createdAtMs),
    ...(miner === undefined ? {} : { user: fromUtf8(miner.userIdentity), channels: miners?.length ?? 0 }),
    ...(outputs === undefined ? {} : { coinbaseOutputs: outputs }),
  };
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

/** Undefined where an upstream's coinbase cannot be read. */
function coinbaseOutputs({ coinbase }: Job): CoinbaseOutputView[] | undefined {
  try {
    const whole = joinCoinbase(coinbase, new Uint8Array(coinbase.extranonceSize), { segwit: false });
    return parseTransaction(whole).outputs.map(({ value, script }) => ({
      value: Number(value),
      script: Buffer.from(script).toString('hex'),
    }));
  } catch (error) {
    if (error instanceof BitcoinError) return undefined;
    throw error;
  }
}
