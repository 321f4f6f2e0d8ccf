import type { KnownRole } from './known-role.ts';

/**
 * Who counts the miners' work, the one nearest to the money first. A pool, the job declarator client before it and the
 * translator before that see the same miners: what they say is never added up.
 */
const COUNTING = ['pool', 'solo', 'jd-client', 'translator', 'translator-to-v1', 'mining-device'];

/** The roles that have a resource, best source first. */
export function sourcesOf(roles: readonly KnownRole[], resource: string): readonly KnownRole[] {
  return roles
    .filter((role) => role.resources.includes(resource))
    .map((role, index) => ({ role, index }))
    .sort((a, b) => rank(a.role) - rank(b.role) || a.index - b.index)
    .map(({ role }) => role);
}

function rank({ kind }: KnownRole): number {
  const at = COUNTING.indexOf(kind);
  return at < 0 ? COUNTING.length : at;
}

/** The role that the person asked for by its name, or else the best source. It stays the same while it is away. */
export const chosenOf = (sources: readonly KnownRole[], name: string | null): KnownRole | undefined =>
  sources.find((role) => role.name === name) ?? sources[0];
