import { connect, createServer, type Socket } from 'node:net';

/** Bytes that have passed, of all connections together. */
export interface Passed {
  /** From those who connect. */
  readonly up: number;
  readonly down: number;
}

/** Stands between clients and a server on the same machine, hands everything on and counts it. */
export class CountingRelay implements AsyncDisposable {
  readonly #server = createServer({ noDelay: true }, (client) => this.#onClient(client));
  readonly #sockets = new Set<Socket>();
  readonly #target: number;
  #up = 0;
  #down = 0;

  private constructor(target: number) {
    this.#target = target;
  }

  /** @param target port of the server */
  static async open(target: number): Promise<CountingRelay> {
    const relay = new CountingRelay(target);
    await new Promise<void>((resolve) => relay.#server.listen({ host: '127.0.0.1', port: 0, backlog: 1_024 }, resolve));
    return relay;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get passed(): Passed {
    return { up: this.#up, down: this.#down };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #onClient(client: Socket): void {
    const server = connect({ host: '127.0.0.1', port: this.#target, noDelay: true });
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
