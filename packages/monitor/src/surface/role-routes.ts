import Type from 'typebox';
import { Refusal, Unavailable } from '../errors.ts';
import { ErrorSchema } from '../schemas/error.ts';
import { MONITOR_LIMITS } from '../limits.ts';
import type { RoleApi } from '../role-api.ts';
import { HealthViewSchema } from '../schemas/health.ts';
import { NoQuerySchema } from '../schemas/page.ts';
import { RoleViewSchema } from '../schemas/role.ts';
import type { Surface, SurfaceContext } from './context.ts';
import { finite } from './finite.ts';
import { DETAILS, type DetailRoute, pathsOf, RESOURCES, ROUTES, type Resource, resourcesOf } from './routes.ts';
import { within } from './within.ts';

const tags = ['role'];
const failures = { '4xx': ErrorSchema, '5xx': ErrorSchema };

/** GET /api/v1/<resource> for whatever the role has. */
export function roleRoutes(surface: Surface, context: SurfaceContext): void {
  const { clock, health, name, startedAtMs, version } = context;
  const { answerMs } = MONITOR_LIMITS;
  aboutRoutes();
  for (const { resource, query, answer, ask } of ROUTES) {
    const summary = RESOURCES[resource];
    const schema = { tags, operationId: resource, summary, querystring: query, response: { 200: answer, ...failures } };
    surface.get(`/api/v1/${resource}`, { schema }, async (request) => {
      const told = await within(clock, answerMs, Promise.resolve(ask(apiWith(resource), request.query)));
      return finite(answer, redacted(told, context));
    });
  }
  for (const route of DETAILS) detailRoute(route);

  function detailRoute({ detail, of, parameter, summary, query, answer, ask }: DetailRoute): void {
    const params = Type.Object({ [parameter]: Type.String({ description: `As in the list of ${of}.` }) });
    const response = { 200: answer, ...failures };
    const schema = { tags, operationId: detail, summary, params, querystring: query, response };
    surface.get(`/api/v1/${of}/:${parameter}`, { schema }, async (request) => {
      const which = (request.params as Readonly<Record<string, string>>)[parameter] ?? '';
      const found = await within(clock, answerMs, ask(apiWith(detail), which, request.query));
      if (found !== undefined) return finite(answer, found);
      throw new Refusal('not-found', `there is no ${detail} of this ${parameter}: /api/v1/${of} lists them`);
    });
  }

  function aboutRoutes(): void {
    const response = { 200: RoleViewSchema, ...failures };
    const about = { tags, operationId: 'role', summary: 'What this is.', querystring: NoQuerySchema, response };
    surface.get('/api/v1/role', { schema: about }, () => ({
      name,
      version,
      pid: process.pid,
      node: process.versions.node,
      startedAtMs,
      uptimeSeconds: Math.max(0, Math.round((clock.now() - startedAtMs) / 1000)),
      resources: pathsOf(context.api()),
    }));
    const asHealth = { 200: HealthViewSchema, ...failures };
    const summary = 'How the role is: 200 whatever it is.';
    const being = { tags, operationId: 'condition', summary, querystring: NoQuerySchema, response: asHealth };
    surface.get('/api/v1/health', { schema: being }, () => {
      const report = health();
      return { ...report, conditions: [...report.conditions] };
    });
  }

  function apiWith(resource: Resource | DetailRoute['detail']): RoleApi {
    const api = context.api();
    if (api[resource] !== undefined) return api;
    if (health().state === 'starting') throw new Unavailable(`the ${name} is still starting`);
    const has = ['role', 'health', ...resourcesOf(api), 'events'];
    throw new Refusal('not-here', `the ${name} has no ${resource}; it has ${has.join(', ')}`, { has });
  }
}

/** An answer whose rows write addresses by the rule of the log. */
function redacted(answer: unknown, { redact }: Pick<SurfaceContext, 'redact'>): unknown {
  if (redact === undefined || !isListing(answer)) return answer;
  const items = answer.items.map((row) =>
    typeof row.remote === 'string' ? { ...row, remote: redact(row.remote) } : row,
  );
  return { ...answer, items };
}

function isListing(answer: unknown): answer is { readonly items: readonly { readonly remote?: unknown }[] } {
  return typeof answer === 'object' && answer !== null && 'items' in answer && Array.isArray(answer.items);
}
