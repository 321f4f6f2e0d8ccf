import { useMemo } from 'preact/hooks';
import { type KnownRole, knownRole } from './known-role.ts';
import { pollerOf } from './poller.ts';
import { usePath, useResources } from './resource.ts';
import type { Snapshot } from './snapshot.ts';
import { valueOf } from './snapshot.ts';
import type { RoleEntry, RoleInfo } from './views.ts';

export { havingResource, type KnownRole } from './known-role.ts';

const ROLES = './roles';
const EVERY_MS = 5000;

/** The roles that this page is of, as `./roles` tells them. */
export const useRoles = (): Snapshot<{ readonly roles: readonly RoleEntry[] }> => usePath(ROLES, { everyMs: EVERY_MS });

const NONE: readonly RoleEntry[] = [];

/** All roles with what each is; those never reached are there by their name alone. */
export function useKnownRoles(): readonly KnownRole[] {
  const roles = valueOf(useRoles())?.roles ?? NONE;
  const infos = useResources<RoleInfo>(roles, 'role', { everyMs: 30_000 });
  const marks = infos.map((info) => (valueOf(info)?.startedAtMs ?? 0).toString()).join();
  return useMemo(() => roles.map((role, i) => knownRole(role, infos[i] && valueOf(infos[i]))), [roles, marks]);
}

/** Asks anew which roles there are, and what they are. */
export function refreshRoles(): void {
  pollerOf(ROLES).refresh();
}
