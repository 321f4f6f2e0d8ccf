import type { ServerIdentity } from '@sv2kit/noise';
import { NO_EXTENSIONS, type ServerExtensions } from '@sv2kit/session';
import type { Handshaker } from './handshaker.ts';
import type { Limits } from './limits.ts';
import type { Listener } from './listener.ts';
import { contextOf } from './peer-context.ts';
import { type Clock, type ConnectionBook, type Logger, type NetMetrics, silentLogger } from './ports.ts';
import { type ServerContext, ServerPeer } from './server-peer.ts';
import { offerOf, type Service } from './service.ts';
import { TcpListener } from './tcp-listener.ts';
import { workerHandshakes } from './worker-handshaker.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /**
   * The static key and certificate to show; asked at every handshake, so that they can be renewed at any time. Absent:
   * plain, for the local network only (§4).
   */
  readonly identity?: () => ServerIdentity;
  readonly services: readonly Service[];
  readonly extensions?: ServerExtensions;
  /**
   * Addresses and subnets ("10.0.0.0/8") of proxies: each of their connections begins with a PROXY protocol version 2
   * header, which says who is behind it. From other addresses such a header ends the connection.
   */
  readonly proxyFrom?: readonly string[];
  readonly limits?: Partial<Limits>;
  /** Worker threads of this listener when absent; one that is given stays open when the listener closes. */
  readonly handshakes?: Handshaker;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly metrics?: NetMetrics;
  /** Where connections are announced, so that they can be watched. */
  readonly connections?: ConnectionBook | undefined;
}

/** Listens for peers. Resolves when the port is open; rejects when it cannot be. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { identity, handshakes, log = silentLogger } = options;
  const own = identity !== undefined && handshakes === undefined ? workerHandshakes({ log }) : undefined;
  const listener = new SessionListener(options, handshakes ?? own, own);
  try {
    await listener.open(options.host, options.port);
  } catch (error) {
    await own?.close();
    throw error;
  }
  return listener;
}

class SessionListener extends TcpListener<ServerPeer> {
  /** To close with the listener. */
  readonly #own: Handshaker | undefined;

  constructor(options: ListenOptions, handshakes: Handshaker | undefined, own: Handshaker | undefined) {
    const context: ServerContext = {
      ...contextOf(options),
      identity: options.identity,
      security: options.identity === undefined ? 'plain' : 'noise',
      handshakes,
      services: options.services,
      offers: options.services.map(offerOf),
      extensions: options.extensions ?? NO_EXTENSIONS,
      onReady: () => this.onReady(),
      onGone: (peer) => this.onGone(peer),
    };
    super(context, {
      tls: false,
      proxyFrom: options.proxyFrom ?? [],
      welcome: (socket, remote) => new ServerPeer(socket, context, remote),
    });
    this.#own = own;
  }

  override async close(): Promise<void> {
    await super.close();
    await this.#own?.close();
  }
}
