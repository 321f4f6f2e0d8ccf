import { Refusal, type Web } from '@sv2kit/monitor';
import type { BoundCounter, Counter } from '@sv2kit/daemon';
import { allowedPath } from './allowed.ts';
import type { Directory } from './directory.ts';
import type { EventHub } from './event-hub.ts';
import type { Forwarder } from './forwarder.ts';

export interface RouteParts {
  readonly directory: Directory;
  readonly hub: EventHub;
  readonly forwarder: Forwarder;
  readonly requests: Counter;
}

/** As the ids of the stream are, or 0. */
const AFTER = /^(?:0|[0-9a-z]+-\d+)$/;
const options = { schema: { hide: true }, exposeHeadRoute: false };

/** What the page asks for, beside its own files. */
export function dashboardRoutes(web: Web, parts: RouteParts): void {
  const { directory, hub } = parts;
  web.get('/roles', options, () => ({ roles: directory.entries() }));
  web.get<{ Querystring: { after?: unknown } }>('/events', options, (request, reply) => {
    const { after } = request.query;
    if (after !== undefined && !(typeof after === 'string' && AFTER.test(after))) {
      throw new Refusal('invalid-query', 'after is neither the id of an event nor 0', {
        problems: [{ where: 'after', wrong: 'is no id', right: 'the id of an event, or 0 for all that is remembered' }],
      });
    }
    hub.admit();
    const last = request.headers['last-event-id'];
    const headers = reply.getHeaders();
    reply.hijack();
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) reply.raw.setHeader(name, value);
    hub.serve(request.raw, reply.raw, typeof last === 'string' ? last : after, directory.entries());
  });
  forwardRoute(web, parts);
}

function forwardRoute(web: Web, { directory, forwarder, requests }: RouteParts): void {
  const counted = new Map<string, BoundCounter>();
  const count = (role: string, outcome: string): void => {
    const key = `${role} ${outcome}`;
    const counter = counted.get(key) ?? requests.bind({ role, outcome });
    counted.set(key, counter);
    counter.inc();
  };
  web.get<{ Params: { role: string } }>('/roles/:role/*', options, async (request, reply) => {
    const role = directory.find(request.params.role);
    if (role === undefined) {
      const has = directory.entries().map(({ name }) => name);
      throw new Refusal('no-such-role', 'the dashboard shows no role of this name', { has });
    }
    // As it was sent: a worker may be called a/b, written a%2Fb.
    const rest = request.url.split('/').slice(3).join('/');
    const allowed = allowedPath(rest);
    if (allowed === undefined) throw new Refusal('not-found', 'a role has nothing at this path that is passed on');
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const { accept, 'last-event-id': last } = request.headers;
    const lastEventId = typeof last === 'string' ? last : undefined;
    const name = directory.nameOf(role);
    try {
      const answer = await forwarder.forward(role, name, allowed, { accept, lastEventId, gone: gone.signal });
      count(name, 'passed-on');
      return await reply.code(answer.status).headers(answer.headers).send(answer.body);
    } catch (error) {
      count(name, error instanceof Refusal ? error.code : 'failed');
      throw error;
    }
  });
}
