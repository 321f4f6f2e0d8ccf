import type { RoleApi } from '../role-api.ts';
import { DETAILS, RESOURCES, type Resource } from './routes.ts';

/** An OpenAPI document as plain data. */
export type Document = Readonly<Record<string, unknown>>;

/** The document without the resources that a role has not. */
export function withoutStrangers(document: Document, api: RoleApi): Document {
  const strangers = (Object.keys(RESOURCES) as Resource[]).filter((resource) => api[resource] === undefined);
  const hidden = new Set(strangers.map((resource) => `/api/v1/${resource}`));
  for (const { detail, of, parameter } of DETAILS)
    if (api[detail] === undefined) hidden.add(`/api/v1/${of}/{${parameter}}`);
  const paths = Object.entries(document['paths'] as object).filter(([path]) => !hidden.has(path));
  return { ...document, paths: Object.fromEntries(paths) };
}

/**
 * The document with every schema that has a title moved to `components`, so that generated clients have one type for
 * each and the document is said once.
 */
export function withComponents(document: Document): Document {
  const schemas: Record<string, unknown> = {};
  const hoist = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(hoist);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, inner]) => [key, hoist(inner)] as const);
    const moved = Object.fromEntries(entries);
    if (typeof moved['title'] !== 'string' || moved['type'] !== 'object') return moved;
    const name = moved['title'].replaceAll(' ', '');
    schemas[name] = moved;
    return { $ref: `#/components/schemas/${name}` };
  };
  const { components, ...rest } = document;
  const hoisted = hoist(rest) as Document;
  return { ...hoisted, components: { ...(components as object | undefined), schemas } };
}
