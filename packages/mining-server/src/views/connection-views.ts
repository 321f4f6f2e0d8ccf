import { difficultyFromTarget } from '@sv2kit/bitcoin';
import type { ChannelView, Listing, Page, PeerView } from '@sv2kit/monitor';
import type { ServerContext } from '../context.ts';
import type { Downstream } from '../downstream.ts';
import type { Miner } from '../miner.ts';

const NO_HASHRATE = { oneMinute: 0, tenMinutes: 0, oneHour: 0, oneDay: 0 };

/** Open channels, connection by connection. Connections before the page are stepped over whole. */
export function channelViews(context: ServerContext, { offset, limit }: Page): Listing<ChannelView> {
  const items: ChannelView[] = [];
  let before = 0;
  for (const downstream of context.downstreams) {
    if (items.length === limit) break;
    if (before + downstream.size > offset) {
      let index = before;
      for (const miner of downstream.miners) {
        if (index >= offset && items.length < limit) items.push(channelView(context, miner));
        index += 1;
      }
    }
    before += downstream.size;
  }
  return { total: context.register.open, items };
}

function channelView({ deps }: ServerContext, miner: Miner): ChannelView {
  const { channel, downstream, worker, meter, lastShareAtMs, accepted, work, bestDifficulty } = miner;
  const nowMs = deps.clock.now();
  const jobId = channel.active?.job.id;
  return {
    connection: downstream.connection.id,
    channelId: channel.channelId,
    kind: channel.kind,
    user: worker.user,
    worker: worker.worker,
    hashrate: meter?.hashrates(nowMs) ?? NO_HASHRATE,
    declaredHashrate: miner.nominalHashRate,
    accepted,
    rejected: Object.fromEntries(miner.rejected),
    work,
    bestDifficulty,
    ...(lastShareAtMs === undefined ? {} : { lastShareAtMs: Math.round(lastShareAtMs) }),
    device: downstream.device,
    remote: downstream.connection.remote.address,
    difficulty: difficultyFromTarget(channel.target),
    openedAtMs: Math.round(miner.openedAtMs),
    ...(jobId === undefined ? {} : { jobId }),
  };
}

/** Connections of miners. */
export function peerViews({ downstreams }: ServerContext, { offset, limit }: Page): Listing<PeerView> {
  const items: PeerView[] = [];
  let index = 0;
  for (const downstream of downstreams) {
    if (items.length === limit) break;
    if (index >= offset) items.push(peerView(downstream));
    index += 1;
  }
  return { total: downstreams.size, items };
}

function peerView(downstream: Downstream): PeerView {
  const { connection, device, size: channels, sinceMs, intake } = downstream;
  return {
    connection: connection.id,
    remote: connection.remote.address,
    protocol: 'mining',
    device,
    channels,
    sinceMs: Math.round(sinceMs),
    extensions: [...connection.extensions],
    stats: { congested: connection.congested, queuedBytes: connection.queuedBytes, namedWorkers: intake.namedWorkers },
  };
}
