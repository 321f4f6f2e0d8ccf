import { rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between roles and a node's IPC socket: the way can be cut while the node lives on, and what passes is counted. */
export class SocketRelay implements AsyncDisposable {
  /** Where roles connect to. */
  readonly path: string;
  readonly #target: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #up = 0;
  #down = 0;

  private constructor(path: string, target: string) {
    this.path = path;
    this.#target = target;
  }

  /** @param target - the node's own socket */
  static async open(path: string, target: string): Promise<SocketRelay> {
    const relay = new SocketRelay(path, target);
    await relay.restore();
    return relay;
  }

  /** Bytes so far: up to the node, and down from it. */
  get passed(): { readonly up: number; readonly down: number } {
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
    await rm(this.path, { force: true });
    const server = createServer((client) => this.#onClient(client));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ path: this.path }, resolve);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
  }

  #onClient(client: Socket): void {
    const node = connect({ path: this.#target });
    client.on('data', (chunk) => {
      this.#up += chunk.length;
      node.write(chunk);
    });
    node.on('data', (chunk) => {
      this.#down += chunk.length;
      client.write(chunk);
    });
    this.#pair(client, node);
    this.#pair(node, client);
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
