import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MONITOR_LIMITS } from '../limits.ts';
import type { Monitor, MonitorOptions } from '../options.ts';
import type { SurfaceContext } from './context.ts';
import { type Document, withComponents } from './document.ts';
import { EventStream } from './event-stream.ts';
import { bearerCheck } from './guard.ts';
import { createSurface } from './surface.ts';

/** Opens the server; it has `MonitorOptions` and nothing else to go by. */
export async function serve(options: MonitorOptions): Promise<Monitor> {
  const { address, clock, events, token } = options;
  const stream = new EventStream({ events, clock, limits: MONITOR_LIMITS });
  let document: string | undefined;
  const context: SurfaceContext = {
    ...options,
    stream,
    mayRead: bearerCheck(token),
    document: () => (document ??= JSON.stringify(withComponents(surface.swagger() as unknown as Document))),
  };
  const surface = await createSurface(context);
  const { server } = surface;
  await listen(server, address);
  // A string only for pipes, null only when closed: this server listens on TCP.
  const { port } = server.address() as AddressInfo;
  return {
    address: { host: address.host, port },
    async close() {
      stream[Symbol.dispose]();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      await surface.close();
    },
  };
}

function listen(server: Server, { host, port }: MonitorOptions['address']): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
