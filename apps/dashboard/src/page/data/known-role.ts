import type { RoleEntry, RoleInfo } from './views.ts';

/** A role, and what it has to tell. */
export interface KnownRole extends RoleEntry {
  /** What it is, however it is named: pool, jd-client, translator … */
  readonly kind: string;
  /** Names of what it has below `/api/v1`; empty while it was never reached. */
  readonly resources: readonly string[];
  readonly info?: RoleInfo;
}

/** A role as it is known: by its entry alone while it was never reached. */
export function knownRole(role: RoleEntry, info: RoleInfo | undefined): KnownRole {
  const kind = info?.name ?? role.name.replace(/[-:@]\d+$/, '');
  return { ...role, kind, resources: info?.resources ?? [], ...(info !== undefined && { info }) };
}

/** Those that have a resource. */
export const havingResource = (roles: readonly KnownRole[], resource: string): readonly KnownRole[] =>
  roles.filter((role) => role.resources.includes(resource));
