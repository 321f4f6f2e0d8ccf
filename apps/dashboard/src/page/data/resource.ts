import { useEffect, useState } from 'preact/hooks';
import { pollerOf } from './poller.ts';
import { LOADING, type Snapshot } from './snapshot.ts';
import type { RoleEntry } from './views.ts';

export interface ResourceOptions {
  /** How often it is asked for; 5 seconds when left out. Infinity: once, and when something happened. */
  readonly everyMs?: number;
}

const EVERY_MS = 5000;

/** Where a resource of a role is: `resourcePath(pool, 'shares')` is `roles/pool/api/v1/shares`. */
export const resourcePath = (role: RoleEntry, path: string): string => `${role.path}/api/v1/${path}`;

/** What is known of one path, asked for again and again; nothing is asked for while it is undefined. */
export function usePath<T>(path: string | undefined, { everyMs = EVERY_MS }: ResourceOptions = {}): Snapshot<T> {
  return (usePaths<T>(path === undefined ? [] : [path], { everyMs })[0] ?? LOADING) as Snapshot<T>;
}

/** The same of several paths, in their order. */
export function usePaths<T>(paths: readonly string[], { everyMs = EVERY_MS }: ResourceOptions = {}): Snapshot<T>[] {
  const [, draw] = useState({});
  const key = paths.join('\n');
  useEffect(() => {
    const pollers = key === '' ? [] : key.split('\n').map(pollerOf);
    const ends = pollers.flatMap((poller) => [poller.store.on(() => draw({})), poller.watch(everyMs)]);
    draw({});
    return () => {
      for (const end of ends) end();
    };
  }, [key, everyMs]);
  return paths.map((path) => pollerOf(path).store.value as Snapshot<T>);
}

/** What is known of a role's resource below `/api/v1`: `useResource<SharesView>(role, 'shares')`. */
export function useResource<T>(role: RoleEntry | undefined, path: string, options?: ResourceOptions): Snapshot<T> {
  return usePath<T>(role === undefined ? undefined : resourcePath(role, path), options);
}

/** The same resource of several roles, in their order. */
export function useResources<T>(roles: readonly RoleEntry[], path: string, options?: ResourceOptions): Snapshot<T>[] {
  return usePaths<T>(
    roles.map((role) => resourcePath(role, path)),
    options,
  );
}
