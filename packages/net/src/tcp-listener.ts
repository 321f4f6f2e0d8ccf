import { createServer, type Server, type Socket } from 'node:net';
import { Admission, plainAddress } from './admission.ts';
import type { Listener } from './listener.ts';
import type { PeerContext } from './peer-context.ts';
import { type Remote, remoteOf } from './remote.ts';
import type { SocketPeer } from './socket-peer.ts';

/** How many connections may wait in the operating system for us to accept them. */
const BACKLOG = 1_024;
/** Idle time after which TCP probes whether the peer is still there, in milliseconds. */
export const KEEP_ALIVE_MS = 60_000;

/** A connection as the door counts it. */
export interface Guest extends SocketPeer {
  /** It no longer counts as a handshake. */
  readonly wasReady: boolean;
}

/** What a listener opens for those who come in. */
export type Welcome<G extends Guest> = (socket: Socket, remote: Remote) => G;

/** A port with its admission, whatever is spoken there. */
export class TcpListener<G extends Guest> implements Listener {
  readonly #server: Server;
  readonly #context: PeerContext;
  readonly #admission: Admission;
  readonly #welcome: Welcome<G>;
  readonly #guests = new Set<G>();
  readonly #lastGone = Promise.withResolvers<void>();
  #closed: Promise<void> | undefined;
  host = '';
  port = 0;

  constructor(context: PeerContext, welcome: Welcome<G>) {
    this.#context = context;
    this.#welcome = welcome;
    this.#admission = new Admission(context.limits);
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
    await promise;
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

  /** A guest is set up. */
  onReady(): void {
    this.#admission.leaveHandshake();
  }

  onGone(guest: G): void {
    this.#guests.delete(guest);
    if (this.#closed !== undefined && this.#guests.size === 0) this.#lastGone.resolve();
    if (!guest.wasReady) this.#admission.leaveHandshake();
    this.#admission.leave(guest.remote.address);
    this.#context.metrics.connections.set(this.#admission.connections);
  }

  async #close(): Promise<void> {
    const stopped = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const guest of this.#guests) guest.end('shutdown');
    if (this.#guests.size > 0) await this.#lastGone.promise;
    await stopped;
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
    this.#guests.add(this.#welcome(socket, remoteOf(socket)));
    metrics.accepted.inc();
    metrics.connections.set(this.#admission.connections);
  }
}
