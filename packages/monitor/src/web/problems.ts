import type { FastifyRequest, FastifySchemaValidationError } from 'fastify';
import { Refusal } from '../errors.ts';

interface PropertySchema {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly enum?: readonly string[];
}

/** What a validator found wrong with a question, said so that it can be put right. */
export function queryRefusal(request: FastifyRequest, errors: readonly FastifySchemaValidationError[]): Refusal {
  const schema = request.routeOptions.schema?.querystring as
    | { properties?: Record<string, PropertySchema> }
    | undefined;
  const known = schema?.properties ?? {};
  const given = request.query as Readonly<Record<string, unknown>>;
  const problems = errors.map(({ keyword, instancePath, params }) => {
    if (keyword === 'additionalProperties') {
      const where = String(params['additionalProperty']).slice(0, 80);
      const names = Object.keys(known);
      return {
        where,
        wrong: 'is not known',
        right: names.length === 0 ? 'ask for nothing' : `one of ${names.join(', ')}`,
      };
    }
    const where = instancePath.slice(1);
    return { where, wrong: `is ${describe(given[where])}`, right: rightOf(known[where]) };
  });
  return new Refusal(
    'invalid-query',
    problems.map(({ where, wrong, right }) => `${where} ${wrong}: ${right}`).join('; '),
    {
      problems,
    },
  );
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'given more than once';
  return JSON.stringify(String(value).slice(0, 80));
}

function rightOf({ type, minimum, maximum, maxLength, enum: words }: PropertySchema = {}): string {
  if (words !== undefined) return `one of ${words.join(', ')}`;
  if (type !== 'integer') return maxLength === undefined ? 'a text' : `a text of at most ${maxLength} characters`;
  const least = minimum === undefined ? '' : ` from ${minimum}`;
  return `a whole number${least}${maximum === undefined ? ' on' : ` to ${maximum}`}`;
}
