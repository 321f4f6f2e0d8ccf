import type { Limits } from './limits.ts';
import type { Listener } from './listener.ts';
import { contextOf } from './peer-context.ts';
import type { Clock, ConnectionBook, Logger, NetMetrics } from './ports.ts';
import { TcpListener } from './tcp-listener.ts';
import { type TlsIdentity, TlsServer } from './tls.ts';
import type { Wire, WireConnection } from './wire.ts';
import { type WireContext, WirePeer } from './wire-peer.ts';

export interface ListenWireOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** What to speak TLS with; a function is asked at every handshake, so that it can be renewed at any time. */
  readonly tls?: TlsIdentity | (() => TlsIdentity);
  /**
   * Addresses and subnets ("10.0.0.0/8") of proxies: each of their connections begins with a PROXY protocol version 2
   * header, which says who is behind it. From other addresses such a header ends the connection.
   */
  readonly proxyFrom?: readonly string[];
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly metrics?: NetMetrics;
  /** Where connections are announced, so that they can be watched. */
  readonly connections?: ConnectionBook | undefined;
  /** Called once the connection stands, TLS and PROXY header done, before a byte of it is handed over. */
  accept(connection: WireConnection): Wire;
}

/** Listens for peers of any protocol over bytes. Resolves when the port is open; rejects when it cannot be. */
export async function listenWire(options: ListenWireOptions): Promise<Listener> {
  const surroundings = contextOf(options);
  const tls = options.tls === undefined ? undefined : new TlsServer(options.tls, surroundings.log);
  const context: WireContext = {
    ...surroundings,
    side: 'server',
    accept: (connection) => options.accept(connection),
    onReady: () => listener.onReady(),
    onGone: (peer) => listener.onGone(peer),
  };
  const listener = new TcpListener<WirePeer>(context, {
    tls: tls !== undefined,
    proxyFrom: options.proxyFrom ?? [],
    welcome: (socket, remote) => new WirePeer(tls?.wrap(socket) ?? socket, context, remote),
  });
  await listener.open(options.host, options.port);
  return listener;
}
