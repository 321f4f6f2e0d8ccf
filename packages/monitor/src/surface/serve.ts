import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MONITOR_LIMITS } from '../limits.ts';
import type { Monitor, MonitorOptions } from '../options.ts';
import type { SurfaceContext } from './context.ts';
import { type Document, withComponents, withoutStrangers } from './document.ts';
import { EventStream } from './event-stream.ts';
import { bearerCheck } from './guard.ts';
import { createSurface } from './surface.ts';

/** Opens the server; it has `MonitorOptions` and nothing else to go by. */
export async function serve(options: MonitorOptions): Promise<Monitor> {
  const { address, clock, events, token } = options;
  const stream = new EventStream({ events, clock, limits: MONITOR_LIMITS });
  const documents = new Map<string, string>();
  const context: SurfaceContext = {
    ...options,
    stream,
    mayRead: bearerCheck(token),
    document() {
      // What a role that is starting will have is not known yet: all that there is is described until then.
      const api = options.health().state === 'starting' ? undefined : options.api();
      const key = api === undefined ? 'all' : Object.keys(api).join();
      const known = documents.get(key);
      if (known !== undefined) return known;
      const whole = surface.swagger() as unknown as Document;
      const made = JSON.stringify(withComponents(api === undefined ? whole : withoutStrangers(whole, api)));
      documents.set(key, made);
      return made;
    },
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
