import { difficultyFromTarget } from '@sv2kit/bitcoin';
import { fromUtf8 } from '@sv2kit/codec';
import type { HashrateView, SharesView, WorkerView } from '@sv2kit/monitor';
import type { ServerContext } from './context.ts';
import type { Miner } from './miner.ts';

/** One channel as the status shows it. Times are unix milliseconds, hashrates hashes per second. */
export interface ChannelStatus {
  readonly connection: number;
  readonly channelId: number;
  readonly kind: 'standard' | 'extended';
  readonly user: string;
  readonly device: string;
  readonly difficulty: number;
  /** Estimated from its shares. */
  readonly hashrate: number;
  readonly accepted: number;
  readonly rejected: Readonly<Record<string, number>>;
  /** Sum of credited difficulties. */
  readonly work: number;
  readonly openedAtMs: number;
  readonly lastShareAtMs?: number;
}

/** What a mining server is doing. */
export interface MiningServerStatus {
  readonly connections: number;
  readonly channels: number;
  /** Measured from shares over ten minutes. */
  readonly hashrate: number;
  readonly shares: { readonly accepted: number; readonly rejected: Readonly<Record<string, number>> };
  readonly blocks: number;
  /** Channels with shares that are not acknowledged yet. */
  readonly unacknowledged: number;
  /** Undefined while there is nothing to mine. */
  readonly work?: { readonly height: number; readonly tipSinceMs: number; readonly networkDifficulty: number };
  /** The first few. */
  readonly channelList: readonly ChannelStatus[];
}

export function serverStatus(context: ServerContext): MiningServerStatus {
  const { board, desk, totals, deps, downstreams, register, acknowledger } = context;
  const { work } = board;
  return {
    connections: downstreams.size,
    channels: register.open,
    hashrate: totals.meter.hashrate(deps.clock.now()),
    shares: { accepted: desk.accepted, rejected: Object.fromEntries(desk.rejected) },
    blocks: desk.blocks,
    unacknowledged: acknowledger.waiting,
    ...(work === undefined
      ? {}
      : {
          work: {
            height: work.current.height,
            tipSinceMs: work.tipSinceMs,
            networkDifficulty: difficultyFromTarget(work.tip.target),
          },
        }),
    channelList: firstChannels(context),
  };
}

function firstChannels({ downstreams, limits }: ServerContext): ChannelStatus[] {
  const list: ChannelStatus[] = [];
  for (const { miners, connection, device } of downstreams) {
    for (const miner of miners) {
      if (list.length >= limits.statusChannels) return list;
      list.push(channelStatus(miner, connection.id, device));
    }
  }
  return list;
}

function channelStatus(miner: Miner, connection: number, device: string): ChannelStatus {
  const { channel, lastShareAtMs } = miner;
  return {
    connection,
    channelId: channel.channelId,
    kind: channel.kind,
    user: fromUtf8(miner.userIdentity),
    device,
    difficulty: difficultyFromTarget(channel.target),
    hashrate: miner.vardiff.hashrate,
    accepted: miner.accepted,
    rejected: Object.fromEntries(miner.rejected),
    work: miner.work,
    openedAtMs: miner.openedAtMs,
    ...(lastShareAtMs === undefined ? {} : { lastShareAtMs }),
  };
}

/** What is read at every look of whoever keeps time series. Times are unix milliseconds. */
export interface MinerLevels {
  readonly hashrate: HashrateView;
  readonly workers: Readonly<Record<WorkerView['state'], number>>;
  /** Sum of credited difficulties. */
  readonly work: number;
  readonly bestDifficulty: number;
  /** Of the block that is mined; this and what follows are undefined while there is nothing to mine. */
  readonly height: number | undefined;
  readonly networkDifficulty: number | undefined;
  readonly tipSinceMs: number | undefined;
  readonly workSinceMs: number | undefined;
}

export function minerLevels({ board, totals, workers: book, received, deps }: ServerContext): MinerLevels {
  const { work, bestDifficulty, meter } = totals;
  const nowMs = deps.clock.now();
  const workers = { active: 0, idle: 0, gone: 0 };
  for (const worker of book.all) workers[worker.state(nowMs, book.times)]++;
  const { work: mined } = board;
  return {
    hashrate: meter.hashrates(nowMs),
    workers,
    work,
    bestDifficulty,
    height: mined?.current.height,
    networkDifficulty: mined && difficultyFromTarget(mined.tip.target),
    tipSinceMs: mined?.tipSinceMs,
    workSinceMs: mined && received.get(mined.current.input),
  };
}

export function sharesView({ totals, acknowledger, deps }: ServerContext): SharesView {
  const { accepted, rejected, work, bestDifficulty, meter, blocks, sinceMs } = totals;
  return {
    accepted,
    rejected: Object.fromEntries(rejected),
    work,
    bestDifficulty,
    hashrate: meter.hashrates(deps.clock.now()),
    blocks,
    unacknowledged: acknowledger.waiting,
    sinceMs: Math.round(sinceMs),
  };
}
