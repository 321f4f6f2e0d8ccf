import { rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A port of this machine, 0 as a listener's for any that is free, or the path of a Unix socket. */
export type Place = { readonly port: number } | { readonly path: string };

/** Bytes that have passed, of all connections together. */
export interface Passed {
  /** From those who connect. */
  readonly up: number;
  readonly down: number;
}

const HOST = '127.0.0.1';

/** Stands between clients and a server of this machine: the way can be cut while both live on, and what passes is counted. */
export class Relay implements AsyncDisposable {
  readonly #place: Place;
  readonly #target: Place;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #up = 0;
  #down = 0;

  private constructor(place: Place, target: Place) {
    this.#place = place;
    this.#target = target;
  }

  /** @param place - where clients connect to; what is at a path is replaced */
  static async open(place: Place, target: Place): Promise<Relay> {
    const relay = new Relay(place, target);
    await relay.restore();
    return relay;
  }

  /** Where clients connect to; 0 on a Unix socket and while the way is cut. */
  get port(): number {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get passed(): Passed {
    return { up: this.#up, down: this.#down };
  }

  /** Nobody listens any more, and every connection ends. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Whoever connects gets through again. */
  async restore(): Promise<void> {
    if ('path' in this.#place) await rm(this.#place.path, { force: true });
    const server = createServer({ noDelay: true }, (client) => this.#onClient(client));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: HOST, backlog: 1_024, ...this.#place }, resolve);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
  }

  #onClient(client: Socket): void {
    const server = connect({ host: HOST, noDelay: true, ...this.#target });
    client.on('data', (chunk) => {
      this.#up += chunk.length;
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      this.#down += chunk.length;
      client.write(chunk);
    });
    this.#pair(client, server);
    this.#pair(server, client);
  }

  #pair(socket: Socket, other: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => other.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      other.destroy();
    });
  }
}
