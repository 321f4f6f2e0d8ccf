import { mining, REQUIRES_STANDARD_JOBS } from '@sv2kit/codec';
import { connect } from '@sv2kit/net';
import { type ChannelKind, LoadPeer } from './load-peer.ts';
import { OfferedLoad } from './offered-load.ts';

export interface FleetOptions {
  readonly port: number;
  readonly authority: Uint8Array;
  readonly connections: number;
  /** On each connection; 1 when absent. */
  readonly channels?: number;
  /** Of all; half of each when absent. */
  readonly kind?: ChannelKind;
  /** Connections that are being set up at the same time. */
  readonly atOnce?: number;
}

const CONNECTS_AT_ONCE = 64;
/** A load generator that is busy must not take the pool for dead. */
const PATIENCE_MS = 60_000;

/**
 * Miners on connections of their own: every other one a header-only device (standard channel, REQUIRES_STANDARD_JOBS),
 * the rest extended channels.
 */
export class Fleet extends OfferedLoad {
  readonly peers: LoadPeer[] = [];

  /** When the first and the last connection get the next tip; call before the tip is made. */
  nextTip(): Promise<{ readonly first: number; readonly last: number }> {
    return this.tipsAt(this.peers.length);
  }

  async close(): Promise<void> {
    await this.over(() => {
      for (const peer of this.peers) peer.end();
    });
  }
}

/** Connects miners and opens their channels. */
export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const fleet = new Fleet();
  let next = 0;
  const connectSome = async () => {
    while (next < options.connections) {
      const kind = options.kind ?? (next % 2 === 0 ? 'extended' : 'standard');
      next += 1;
      const peer = await openPeer(options, kind, fleet);
      fleet.peers.push(peer);
      fleet.sources.push(...peer.channels);
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
