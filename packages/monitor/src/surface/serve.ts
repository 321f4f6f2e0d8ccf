import { MONITOR_LIMITS } from '../limits.ts';
import type { Monitor, MonitorOptions } from '../options.ts';
import { bearerCheck } from '../web/guard.ts';
import { openWeb } from '../web/web.ts';
import type { SurfaceContext } from './context.ts';
import { type Document, withComponents, withoutStrangers } from './document.ts';
import { EventStream } from './event-stream.ts';
import { apiOf } from './connection-routes.ts';
import { withOwnAddress } from './own-address.ts';
import { createSurface } from './surface.ts';

/** Opens the server; it has `MonitorOptions` and nothing else to go by. */
export async function serve(options: MonitorOptions): Promise<Monitor> {
  const { address, clock, events } = options;
  let { token } = options;
  let own = address;
  const told = withOwnAddress(apiOf(options), () => own);
  const stream = new EventStream({ events, clock, limits: MONITOR_LIMITS });
  const documents = new Map<string, string>();
  const context: SurfaceContext = {
    ...options,
    api: told,
    stream,
    token: () => token,
    mayRead: bearerCheck(() => token),
    document() {
      // What a role that is starting will have is not known yet: all that there is is described until then.
      const api = options.health().state === 'starting' ? undefined : told();
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
  const web = await openWeb(surface, address);
  own = web.address;
  return {
    address: web.address,
    setToken(next) {
      token = next;
      documents.clear();
    },
    async close() {
      stream[Symbol.dispose]();
      await web.close();
    },
  };
}
