import Type from 'typebox';
import { HealthViewSchema } from '../schemas/health.ts';
import { flag, view } from '../schemas/shape.ts';
import type { Surface, SurfaceContext } from './context.ts';

const { state, serving, ...rest } = HealthViewSchema.properties;
/** Who shows no token where one is wanted sees only the state. */
const AnswerSchema = Type.Object(
  { state, serving, reason: rest.reason, conditions: Type.Optional(rest.conditions) },
  { description: 'How the role is.', additionalProperties: false },
);
const LiveSchema = view('The process answers.', { alive: flag('Always true.') });

const tags = ['health'];

/** Asked by machines that keep processes alive: open to all, and with reasons for who may read. */
export function healthRoutes(surface: Surface, { health, mayRead }: SurfaceContext): void {
  const config = { isOpen: true };
  surface.get(
    '/health/live',
    {
      config,
      schema: { tags, operationId: 'live', summary: 'Whether the process is alive.', response: { 200: LiveSchema } },
    },
    () => ({ alive: true }),
  );
  const response = { 200: AnswerSchema, 503: AnswerSchema };
  const summary = 'Whether the role does its work: 200, or 503 with the reasons.';
  for (const [path, operationId] of [
    ['/health', 'health'],
    ['/health/ready', 'ready'],
  ] as const) {
    surface.get(path, { config, schema: { tags, operationId, summary, response } }, (request, reply) => {
      const report = health();
      const answer = mayRead(request)
        ? { ...report, conditions: [...report.conditions] }
        : { state: report.state, serving: report.serving };
      void reply.code(report.serving ? 200 : 503);
      return answer;
    });
  }
}
