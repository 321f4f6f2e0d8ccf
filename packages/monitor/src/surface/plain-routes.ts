import { MONITOR_LIMITS } from '../limits.ts';
import { isBrowser } from '../web/web.ts';
import type { Surface, SurfaceContext } from './context.ts';
import { DASHBOARD } from './dashboard-routes.ts';
import { indexPage } from './index-page.ts';
import { RESOURCES, resourcesOf } from './routes.ts';
import { within } from './within.ts';

/** What is not of the API: figures for Prometheus, the whole state at a glance, and a page for people. */
export function plainRoutes(surface: Surface, context: SurfaceContext): void {
  const { answerMs } = MONITOR_LIMITS;
  const { clock } = context;
  const hidden = { schema: { hide: true } };
  surface.get('/metrics', hidden, async (_, reply) => {
    const figures = await within(clock, answerMs, context.metricsText());
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(figures);
  });
  surface.get('/status', hidden, async (_, reply) => {
    const status = await within(clock, answerMs, context.status());
    return reply.type(JSON_TYPE).send(json(status, context.redact));
  });
  surface.get('/api/v1/openapi.json', hidden, (_, reply) => reply.type(JSON_TYPE).send(context.document()));
  // Relative, as the page is: there may be a prefix before it.
  const led = context.page === undefined ? {} : { browsersTo: DASHBOARD.slice(1) };
  for (const [path, config] of [
    ['/', led],
    ['/api/v1', {}],
  ] as const) {
    surface.get(path, { ...hidden, config }, (request, reply) => {
      const links = linksOf(context);
      if (!isBrowser(request)) {
        const all = links.map(({ href, what }) => [href, what]);
        return reply
          .type(JSON_TYPE)
          .send(json({ name: context.name, version: context.version, paths: Object.fromEntries(all) }));
      }
      return reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
        .send(indexPage(context, links));
    });
  }
}

/** A place to go on from. */
export interface Link {
  readonly href: string;
  readonly what: string;
}

function linksOf({ api, page }: SurfaceContext): Link[] {
  return [
    ...(page === undefined ? [] : [{ href: DASHBOARD, what: 'The dashboard: a page that shows what goes on.' }]),
    { href: '/health', what: 'Whether the role does its work, with reasons; also /health/live and /health/ready.' },
    { href: '/metrics', what: 'Figures for Prometheus.' },
    { href: '/status', what: 'The whole state at a glance.' },
    { href: '/api/v1/openapi.json', what: 'What everything below /api/v1 looks like, as OpenAPI.' },
    { href: '/api/v1/role', what: 'What this is.' },
    { href: '/api/v1/health', what: 'How it is.' },
    ...resourcesOf(api()).map((resource) => ({ href: `/api/v1/${resource}`, what: RESOURCES[resource] })),
    { href: '/api/v1/events', what: 'What happens, as it happens: server-sent events.' },
  ];
}

const JSON_TYPE = 'application/json; charset=utf-8';

/** @param redact how a `remote` is written: the address of a peer */
function json(value: unknown, redact: SurfaceContext['redact'] = (text) => text): string {
  const written = (name: string, item: unknown): unknown => {
    if (typeof item === 'bigint') return item.toString();
    return name === 'remote' && typeof item === 'string' ? redact(item) : item;
  };
  return `${JSON.stringify(value, written, 2)}\n`;
}
