import { type UpstreamState, upstreamFacts } from '@sv2kit/upstream';
import type { Hub, LastFault } from './hub.ts';
import { TRANSLATOR_LIMITS } from './limits.ts';
import type { Miner } from './miner.ts';

type Facts = Readonly<Record<string, unknown>>;

/** The translator's part of /status; numbers and text only. */
export function translatorStatus(hub: Hub, upstream: UpstreamState, nowMs: number): Facts {
  const { link, totals, desk } = hub;
  return {
    upstream: {
      ...upstreamFacts(upstream),
      channels: link?.channels ?? 0,
      groups: link?.groups ?? 0,
      opening: link?.opening ?? 0,
      extensions: link?.extensions ?? [],
      outageMs: hub.outageMs ?? null,
      lastFault: faultFacts(hub.lastFault, nowMs),
      lastJobMs: desk.latestMs === undefined ? null : nowMs - desk.latestMs,
    },
    connections: hub.miners.size,
    authorised: hub.authorised,
    hashrate: hub.hashrate,
    shares: { accepted: totals.accepted, refused: totals.refused.sum, refusedBy: totals.refused.facts() },
    upstreamShares: {
      forwarded: totals.forwarded,
      accepted: totals.acknowledged,
      creditedWork: totals.creditedWork,
      rejected: totals.rejected.sum,
      rejectedBy: totals.rejected.facts(),
      lost: totals.lost.sum,
      lostBy: totals.lost.facts(),
    },
    blocksFound: totals.blocks,
    misfits: hub.misfits.facts(),
    miners: hub.listed(TRANSLATOR_LIMITS.statusMiners).map((miner) => describeMiner(miner, nowMs)),
    departed: hub.departures.facts(nowMs),
  };
}

function faultFacts(fault: LastFault | undefined, nowMs: number): Facts | null {
  if (fault === undefined) return null;
  const { upstream, reason, detail, atMs } = fault;
  return { upstream, reason, detail: detail ?? null, agoMs: nowMs - atMs };
}

function describeMiner(miner: Miner, nowMs: number): Facts {
  const { connection, session, tally, profile } = miner;
  return {
    number: miner.index,
    name: miner.username,
    phase: miner.phase,
    userAgent: session.userAgent,
    family: profile.family,
    remote: connection.remote.address,
    encrypted: connection.encrypted,
    connectedMs: nowMs - miner.sinceMs,
    difficulty: miner.difficulty ?? null,
    hashrate: miner.hashrate,
    versionMask: session.versionMask.toString(16).padStart(8, '0'),
    accepted: tally.accepted,
    work: tally.work,
    lastShareMs: tally.lastShareMs === 0 ? null : nowMs - tally.lastShareMs,
    refused: tally.refused,
    forwarded: tally.forwarded,
    credited: tally.credited,
    rejected: tally.rejected,
    lost: tally.lost,
  };
}
