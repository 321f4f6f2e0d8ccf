import type { FastifySchema } from 'fastify';
import Type from 'typebox';
import { Refusal } from '../errors.ts';
import { ErrorSchema } from '../schemas/error.ts';
import type { EventType } from '../event-types.ts';
import { EVENT_SCHEMAS, MonitorEventSchema } from '../schemas/events.ts';
import type { Surface, SurfaceContext } from './context.ts';

const TYPES = Object.keys(EVENT_SCHEMAS) as EventType[];
/** 0, or what `id` is in the stream. */
const AFTER = /^(?:0|[0-9a-z]+-\d+)$/;
const QuerySchema = Type.Object(
  {
    types: Type.Optional(
      Type.String({ maxLength: 500, description: `Only these, separated by commas: ${TYPES.join(', ')}.` }),
    ),
    after: Type.Optional(
      Type.String({
        maxLength: 40,
        description: 'As Last-Event-ID, an id of an event, for who cannot set it; 0 for all that is remembered.',
      }),
    ),
  },
  { additionalProperties: false },
);

/** GET /api/v1/events: what happens, as it happens. */
export function eventRoutes(surface: Surface, context: SurfaceContext): void {
  const schema = {
    tags: ['events'],
    operationId: 'events',
    summary: 'What happens, as it happens: server-sent events.',
    description:
      'Begins with what happened after the event that `Last-Event-ID` names, as far as it is remembered; `event: missed` ' +
      'says how many are not: null where the id is none of this start. Each `data` is an event with `id`, `atMs` and, of one role of several, `part`.',
    response: {
      200: { description: 'Events.', content: { 'text/event-stream': { schema: MonitorEventSchema } } },
      '4xx': ErrorSchema,
      '5xx': ErrorSchema,
    },
  };
  streamEvents(surface, '/api/v1/events', schema, context);
}

/**
 * Serves the events at a path.
 *
 * @param role said in each event, for who reads the events of several
 */
export function streamEvents(
  surface: Surface,
  path: string,
  about: FastifySchema,
  { stream }: SurfaceContext,
  role?: string,
): void {
  const schema = { ...about, querystring: QuerySchema };
  surface.get(path, { schema, exposeHeadRoute: false }, (request, reply) => {
    const { after, types } = request.query;
    if (after !== undefined) refuseNonsense(after);
    const wanted = types === undefined ? undefined : readTypes(types);
    stream.admit();
    const last = request.headers['last-event-id'];
    const headers = reply.getHeaders();
    reply.hijack();
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) reply.raw.setHeader(name, value);
    const question = { lastId: typeof last === 'string' ? last : after, types: wanted, role };
    stream.serve(request.raw, reply.raw, question);
  });
  surface.head(path, { schema: { hide: true } }, (_, reply) => reply.type('text/event-stream').send());
}

function readTypes(text: string): EventType[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(TYPES as string[]).includes(name));
  if (unknown === undefined) return names as EventType[];
  const problem = { where: 'types', wrong: `has ${JSON.stringify(unknown)}`, right: `some of ${TYPES.join(', ')}` };
  throw new Refusal('invalid-query', `types has ${JSON.stringify(unknown)}: known are ${TYPES.join(', ')}`, {
    problems: [problem],
  });
}

function refuseNonsense(after: string): void {
  if (AFTER.test(after)) return;
  const wrong = `is ${JSON.stringify(after)}`;
  throw new Refusal('invalid-query', `after ${wrong}, which is neither the id of an event nor 0`, {
    problems: [{ where: 'after', wrong, right: 'the id of an event, or 0 for all that is remembered' }],
  });
}
