import { createServer, type Server, type Socket } from 'node:net';
import type { ServerIdentity } from '@sv2kit/noise';
import { NO_EXTENSIONS, type Security, type ServerExtensions } from '@sv2kit/session';
import { Admission, plainAddress } from './admission.ts';
import type { Handshaker } from './handshaker.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { type Clock, type Logger, type NetMetrics, noMetrics, silentLogger, systemClock } from './ports.ts';
import { type ServerContext, ServerPeer } from './server-peer.ts';
import { offerOf, type Service } from './service.ts';
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
  readonly limits?: Partial<Limits>;
  /** Worker threads of this listener when absent; one that is given stays open when the listener closes. */
  readonly handshakes?: Handshaker;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly metrics?: NetMetrics;
}

export interface Listener extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Connections open now. */
  readonly connections: number;
  /** Of those, the ones that are not set up yet. */
  readonly handshakes: number;
  /** Stops listening, ends every connection and waits until they are closed. */
  close(): Promise<void>;
}

/** How many connections may wait in the operating system for us to accept them. */
const BACKLOG = 1_024;
/** Idle time after which TCP probes whether the peer is still there, in milliseconds. */
export const KEEP_ALIVE_MS = 60_000;

/** Listens for peers. Resolves when the port is open; rejects when it cannot be. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const listener = new TcpListener(options);
  await listener.open(options.host, options.port);
  return listener;
}

class TcpListener implements Listener {
  readonly #server: Server;
  readonly #peers = new Set<ServerPeer>();
  readonly #admission: Admission;
  readonly #context: ServerContext;
  readonly #ownHandshakes: Handshaker | undefined;
  readonly #lastGone = Promise.withResolvers<void>();
  #closed: Promise<void> | undefined;
  host = '';
  port = 0;

  constructor(options: ListenOptions) {
    const { clock = systemClock, log = silentLogger, metrics = noMetrics, identity } = options;
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const security: Security = identity === undefined ? 'plain' : 'noise';
    this.#admission = new Admission(limits);
    if (security === 'noise' && options.handshakes === undefined) this.#ownHandshakes = workerHandshakes({ log });
    this.#context = {
      clock,
      log,
      metrics,
      limits,
      security,
      identity,
      handshakes: options.handshakes ?? this.#ownHandshakes,
      services: options.services,
      offers: options.services.map(offerOf),
      extensions: options.extensions ?? NO_EXTENSIONS,
      onReady: () => this.#admission.leaveHandshake(),
      onGone: (peer) => this.#onGone(peer),
    };
    const sockets = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
    this.#server = createServer(sockets, (socket) => this.#onSocket(socket));
  }

  get connections(): number {
    return this.#admission.connections;
  }

  get handshakes(): number {
    return this.#admission.handshakes;
  }

  async open(host: string, port: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen({ host, port, backlog: BACKLOG }, resolve);
    try {
      await promise;
    } catch (error) {
      await this.#ownHandshakes?.close();
      throw error;
    }
    this.#server.off('error', reject);
    this.#server.on('error', (error) => this.#context.log.error('cannot accept connections', { error: error.message }));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP listener has an address');
    this.host = address.address;
    this.port = address.port;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const stopped = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const peer of this.#peers) peer.end('shutdown');
    if (this.#peers.size > 0) await this.#lastGone.promise;
    await stopped;
    await this.#ownHandshakes?.close();
  }

  #onSocket(socket: Socket): void {
    const { clock, log, metrics } = this.#context;
    // Gone before it was accepted.
    if (socket.remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const address = plainAddress(socket.remoteAddress);
    const limit = this.#admission.enter(address, clock.now());
    if (limit !== undefined) {
      socket.on('error', () => {});
      socket.resetAndDestroy();
      metrics.refused.inc({ limit });
      log.debug('connection refused', { address, limit });
      return;
    }
    this.#peers.add(new ServerPeer(socket, this.#context));
    metrics.accepted.inc();
    metrics.connections.set(this.#admission.connections);
  }

  #onGone(peer: ServerPeer): void {
    this.#peers.delete(peer);
    if (this.#closed !== undefined && this.#peers.size === 0) this.#lastGone.resolve();
    if (!peer.wasReady) this.#admission.leaveHandshake();
    this.#admission.leave(peer.remote.address);
    this.#context.metrics.connections.set(this.#admission.connections);
  }
}
