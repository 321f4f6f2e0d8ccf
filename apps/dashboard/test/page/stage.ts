import type { RoleEvent } from '../../src/page/data/events.ts';
import { type KnownRole, knownRole } from '../../src/page/data/known-role.ts';
import type { HistoryPoint } from '../../src/page/data/views.ts';

/** A role that has answered. */
export const role = (name: string, kind: string, resources: readonly string[]): KnownRole =>
  knownRole(
    { name, path: `roles/${name}`, state: 'reachable', sinceMs: 0 },
    { name: kind, version: '0.1.0', pid: 1, node: '26', startedAtMs: 0, uptimeSeconds: 1, resources },
  );

export const point = (fromMs: number, hashrate: number, seconds = 60): HistoryPoint => ({
  fromMs,
  seconds,
  accepted: hashrate > 0 ? 6 : 0,
  work: hashrate,
  hashrate,
});

/** An event as the stream tells it. */
export const event = (type: RoleEvent['type'], more: Record<string, unknown>): RoleEvent =>
  ({ id: 1, atMs: 0, role: 'pool', type, ...more }) as unknown as RoleEvent;
