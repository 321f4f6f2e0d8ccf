import { difficultyFromTarget } from '@sv2kit/bitcoin';
import { fromUtf8 } from '@sv2kit/codec';
import type { SharesView } from '@sv2kit/monitor';
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
