import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { mining, REQUIRES_STANDARD_JOBS } from '@sv2kit/codec';
import { type CloseReason, connect } from '@sv2kit/net';
import type { LoadChannel } from './load-channel.ts';
import { type ChannelKind, LoadPeer, type PeerObserver } from './load-peer.ts';

export interface FleetOptions {
  readonly port: number;
  readonly authority: Uint8Array;
  readonly connections: number;
  /** On each connection; 1 when absent. */
  readonly channels?: number;
  /** Connections that are being set up at the same time. */
  readonly atOnce?: number;
}

/** What a stretch of load came to. */
export interface LoadResult {
  readonly acknowledged: number;
  /** Acknowledged a second. */
  readonly rate: number;
  /** From a share's way into its connection to its Success, in milliseconds, at the miner. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Part of the time that the load generator's own event loop was busy. */
  readonly generatorBusy: number;
}

const CONNECTS_AT_ONCE = 64;
/** A load generator that is busy must not take the pool for dead. */
const PATIENCE_MS = 60_000;
/** What a generator that was held up makes good for; the rest is not offered, which the rate shows. */
const MOST_BEHIND_MS = 50;
const SLOWEST_MS = 600_000;
const MICROSECONDS = 1000;
/** After the last share of a stretch, for the answers to come. */
const SETTLE_MS = 300;

/**
 * Miners on connections of their own: every other one a header-only device (standard channel, REQUIRES_STANDARD_JOBS),
 * the rest extended channels.
 */
export class Fleet implements PeerObserver {
  readonly peers: LoadPeer[] = [];
  readonly #latency: RecordableHistogram = createHistogram({
    lowest: 1,
    highest: SLOWEST_MS * MICROSECONDS,
    figures: 3,
  });
  #acknowledged = 0;
  #refused = new Map<string, number>();
  #window = 0;
  #ending = false;
  #tipsDue = 0;
  #firstTip = 0;
  #onLastTip: ((times: { first: number; last: number }) => void) | undefined;

  acknowledged(ms: number): void {
    this.#acknowledged += 1;
    this.#latency.record(Math.max(1, Math.round(ms * MICROSECONDS)));
  }

  refused(code: string): void {
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
  }

  answered(peer: LoadPeer, channel: LoadChannel): void {
    const now = performance.now();
    while (channel.pending < this.#window) peer.submit(channel, now);
  }

  tip(): void {
    if (this.#tipsDue === 0) return;
    const now = performance.now();
    if (this.#tipsDue === this.peers.length) this.#firstTip = now;
    this.#tipsDue -= 1;
    if (this.#tipsDue === 0) this.#onLastTip?.({ first: this.#firstTip, last: now });
  }

  /** Nothing that is measured afterwards would mean anything. */
  closed({ code, error }: Pick<CloseReason, 'code' | 'error'>): void {
    if (this.#ending) return;
    console.error('bench: the pool has sent a miner away:', code, error ?? '', Object.fromEntries(this.#refused));
    process.exit(1);
  }

  /** When the first and the last connection get the next tip; call before the tip is made. */
  nextTip(): Promise<{ readonly first: number; readonly last: number }> {
    this.#tipsDue = this.peers.length;
    return new Promise((resolve) => (this.#onLastTip = resolve));
  }

  /** Shares at a steady rate, over all channels in turn. */
  async offer(sharesPerSecond: number, seconds: number): Promise<LoadResult> {
    const channels = this.peers.flatMap((peer) => peer.channels.map((channel) => ({ peer, channel })));
    return this.#measure(async (start) => {
      let sent = 0;
      for (let now = start; now - start < seconds * 1000; now = performance.now()) {
        const due = ((now - start) * sharesPerSecond) / 1000;
        sent = Math.max(sent, Math.floor(due - (MOST_BEHIND_MS * sharesPerSecond) / 1000));
        for (; sent < due; sent += 1) {
          const next = channels[sent % channels.length];
          if (next !== undefined) next.peer.submit(next.channel, now);
        }
        await sleep(1);
      }
      return sent;
    });
  }

  /** As many shares as the pool takes: each channel always has its part of `unanswered` shares on the way. */
  async saturate(unanswered: number, seconds: number): Promise<LoadResult> {
    return this.#measure(async (start) => {
      const channels = this.peers.reduce((sum, peer) => sum + peer.channels.length, 0);
      this.#window = Math.max(1, Math.round(unanswered / channels));
      for (const peer of this.peers) for (const channel of peer.channels) this.answered(peer, channel);
      await sleep(start + seconds * 1000 - performance.now());
      this.#window = 0;
      return undefined;
    });
  }

  async close(): Promise<void> {
    this.#ending = true;
    for (const peer of this.peers) peer.end();
    await sleep(SETTLE_MS);
  }

  async #measure(drive: (start: number) => Promise<number | undefined>): Promise<LoadResult> {
    this.#latency.reset();
    this.#acknowledged = 0;
    this.#refused = new Map();
    const loop = performance.eventLoopUtilization();
    const start = performance.now();
    await drive(start);
    const acknowledged = this.#acknowledged;
    const elapsed = performance.now() - start;
    const generatorBusy = performance.eventLoopUtilization(loop).utilization;
    await sleep(SETTLE_MS);
    const at = (percentile: number) => this.#latency.percentile(percentile) / MICROSECONDS;
    return {
      acknowledged,
      rate: (acknowledged * 1000) / elapsed,
      p50: at(50),
      p99: at(99),
      max: this.#latency.max / MICROSECONDS,
      refused: Object.fromEntries(this.#refused),
      generatorBusy,
    };
  }
}

/** Connects miners and opens their channels. */
export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const fleet = new Fleet();
  let next = 0;
  const connectSome = async () => {
    while (next < options.connections) {
      const kind = next % 2 === 0 ? 'extended' : 'standard';
      next += 1;
      fleet.peers.push(await openPeer(options, kind, fleet));
    }
  };
  await Promise.all(Array.from({ length: options.atOnce ?? CONNECTS_AT_ONCE }, connectSome));
  return fleet;
}

async function openPeer(
  { port, authority, channels = 1 }: FleetOptions,
  kind: ChannelKind,
  fleet: Fleet,
): Promise<LoadPeer> {
  let peer: LoadPeer | undefined;
  await connect({
    host: '127.0.0.1',
    port,
    authority,
    protocol: mining,
    connectMs: PATIENCE_MS,
    limits: { handshakeMs: PATIENCE_MS, setupMs: PATIENCE_MS },
    setup: { flags: kind === 'standard' ? REQUIRES_STANDARD_JOBS : 0, hardwareVersion: 'bench' },
    handler: (connection) => (peer = new LoadPeer(connection, kind, channels, fleet)),
  });
  if (peer === undefined) throw new Error('connected without a handler');
  await peer.open();
  return peer;
}
