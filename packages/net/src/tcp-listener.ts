import { createServer, type Server, type Socket } from 'node:net';
import { AddressRanges } from './addresses.ts';
import { Admission } from './admission.ts';
import type { Refusal } from './close-reasons.ts';
import type { Limits } from './limits.ts';
import type { Listener } from './listener.ts';
import { Opening, type OpeningOwner } from './opening.ts';
import type { PeerContext } from './peer-context.ts';
import { RefusalLog } from './refusal-log.ts';
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

/** What is spoken on a port. */
export interface House<G extends Guest> {
  /** Whether the first byte has to be TLS's. */
  readonly tls: boolean;
  /** Addresses and subnets of proxies. */
  readonly proxyFrom: readonly string[];
  /** Takes a connection over; `remote` is the real one. The socket may hold bytes already. */
  welcome(socket: Socket, remote: Remote): G;
}

/** A port with its admission, whatever is spoken there. */
export class TcpListener<G extends Guest> implements Listener, OpeningOwner {
  readonly #server: Server;
  readonly #context: PeerContext;
  readonly #admission: Admission;
  readonly #house: House<G>;
  readonly #refusals: RefusalLog;
  readonly #proxies: AddressRanges;
  readonly #guests = new Set<G>();
  readonly #openings = new Set<Opening>();
  readonly #lastGone = Promise.withResolvers<void>();
  #stopped: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  host = '';
  port = 0;

  constructor(context: PeerContext, house: House<G>) {
    this.#context = context;
    this.#house = house;
    this.#proxies = new AddressRanges(house.proxyFrom);
    this.#admission = new Admission(context.limits);
    this.#refusals = new RefusalLog(context.log);
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

  setLimits(limits: Partial<Limits>): void {
    // Everybody who was given them holds this one object.
    Object.assign(this.#context.limits, limits);
    this.#admission.refresh();
  }

  stop(): void {
    this.#stopped ??= new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const opening of this.#openings) opening.end();
    for (const guest of this.#guests) if (!guest.wasReady) guest.end('shutdown');
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

  onOpened(opening: Opening, source: Remote | undefined): void {
    const { socket, remote, expected } = opening;
    this.#openings.delete(opening);
    const real = source ?? remote;
    const limit = expected === 'tls' ? undefined : this.#admission.identify(real.address, this.#context.clock.now());
    if (limit === undefined) {
      this.#admit(socket, real);
      // TLS reads by itself.
      if (!this.#house.tls) socket.resume();
    } else {
      this.#admission.release();
      this.#refuse(socket, real, limit);
    }
  }

  onOpeningRefused(opening: Opening, code: Refusal): void {
    this.onOpeningGone(opening);
    this.#refuse(opening.socket, opening.remote, code);
  }

  onOpeningGone(opening: Opening): void {
    this.#openings.delete(opening);
    if (opening.expected === 'tls') {
      this.#admission.leaveHandshake();
      this.#admission.leave(opening.remote.address);
    } else {
      this.#admission.release();
    }
  }

  async #close(): Promise<void> {
    this.stop();
    for (const guest of this.#guests) guest.end('shutdown');
    if (this.#guests.size > 0) await this.#lastGone.promise;
    await this.#stopped;
  }

  #onSocket(socket: Socket): void {
    // Gone before it was accepted.
    if (socket.remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const remote = remoteOf(socket);
    const isProxy = this.#proxies.has(remote.address);
    const { clock } = this.#context;
    const limit = isProxy ? this.#admission.hold() : this.#admission.enter(remote.address, clock.now());
    if (limit !== undefined) this.#refuse(socket, remote, limit);
    else if (isProxy) this.#openings.add(new Opening(socket, remote, 'proxy-header', this.#context, this));
    else if (this.#house.tls) this.#openings.add(new Opening(socket, remote, 'tls', this.#context, this));
    else this.#admit(socket, remote);
  }

  #admit(socket: Socket, remote: Remote): void {
    const { metrics } = this.#context;
    this.#guests.add(this.#house.welcome(socket, remote));
    metrics.accepted.inc();
    metrics.connections.set(this.#admission.connections);
  }

  #refuse(socket: Socket, { address }: Remote, limit: Refusal): void {
    const { clock, metrics } = this.#context;
    socket.on('error', () => {});
    socket.resetAndDestroy();
    metrics.refused.inc({ limit });
    this.#refusals.note(address, limit, clock.now());
  }
}
