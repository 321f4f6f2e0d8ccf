import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * Ports that a stack has chosen and on which nobody listens yet, so that another stack of this machine chooses others.
 * A claim is an abstract Unix socket: it ends with its process, however that ends. Only Linux has such; elsewhere every
 * claim is granted, and two stacks that start at the same moment may meet on a port.
 */
export class PortClaims implements AsyncDisposable {
  readonly #servers: Server[] = [];

  /** @returns false when another stack has the port */
  async claim(port: number): Promise<boolean> {
    if (process.platform !== 'linux') return true;
    const server = createServer((socket) => socket.destroy()).unref();
    try {
      server.listen(`\0sv2kit-stack-port-${port}`);
      await once(server, 'listening');
    } catch {
      return false;
    }
    this.#servers.push(server);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const servers = this.#servers.splice(0);
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}
