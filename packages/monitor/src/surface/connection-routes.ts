import Type from 'typebox';
import { Refusal, Unavailable } from '../errors.ts';
import { MONITOR_LIMITS } from '../limits.ts';
import type { MonitorOptions } from '../options.ts';
import type { RoleApi } from '../role-api.ts';
import { WireMessageSchema } from '../schemas/connections.ts';
import { ErrorSchema } from '../schemas/error.ts';
import { NoQuerySchema } from '../schemas/page.ts';
import type { Surface, SurfaceContext } from './context.ts';
import { WireWatcher } from './wire-watcher.ts';

const SECOND_MS = 1000;

/** What the role answers, with its connections. */
export function apiOf({ api, connections }: MonitorOptions): () => RoleApi {
  if (connections === undefined) return api;
  return () => ({ ...api(), connections: (page) => connections.list(page) });
}

/** GET /api/v1/connections/{id}/messages: what goes over one connection, as it goes. */
export function connectionRoutes(surface: Surface, { clock, connections }: SurfaceContext): void {
  if (connections === undefined) return;
  const { eventHeartbeatMs, wireWatchers } = MONITOR_LIMITS;
  let watchers = 0;
  const params = Type.Object({ id: Type.String({ maxLength: 20, description: 'As in the list of connections.' }) });
  const schema = {
    tags: ['events'],
    operationId: 'messages',
    summary: 'What goes over one connection, as it goes: server-sent events.',
    description:
      '`event: message` is a message; `event: missed` says how many were left out, for the reader was too slow or there ' +
      `were more than ${MONITOR_LIMITS.wireMessagesPerSecond} in a second; \`event: ended\` is the last one. Nothing is ` +
      'decoded: a V2 message is its frame, header and payload, as hexadecimal. ' +
      `At most ${wireWatchers} readers at once.`,
    params,
    querystring: NoQuerySchema,
    response: {
      200: { description: 'Messages.', content: { 'text/event-stream': { schema: WireMessageSchema } } },
      '4xx': ErrorSchema,
      '5xx': ErrorSchema,
    },
  };
  surface.get('/api/v1/connections/:id/messages', { schema, exposeHeadRoute: false }, (request, reply) => {
    if (watchers >= wireWatchers) throw new Unavailable(`${wireWatchers} watchers of connections are here already`);
    const response = reply.raw;
    const watcher = new WireWatcher(response, MONITOR_LIMITS);
    const watching = connections.watch(request.params.id, watcher);
    if (watching === undefined)
      throw new Refusal('not-found', 'there is no such connection: /api/v1/connections lists them');
    const headers = reply.getHeaders();
    reply.hijack();
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value);
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
    response.write(':\n\n');
    watchers += 1;
    const ticking = clock.every(SECOND_MS, () => watcher.tick());
    const beating = clock.every(eventHeartbeatMs, () => watcher.beat(clock.now()));
    response.once('close', () => {
      watchers -= 1;
      for (const each of [watching, ticking, beating]) each[Symbol.dispose]();
    });
  });
}
