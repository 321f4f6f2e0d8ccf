import type { RoleEvent } from './events.ts';

const ROUTINE = new Set<RoleEvent['type']>(['job', 'tip', 'channel-opened', 'channel-closed', 'block-status']);

export interface LatestOptions {
  readonly most: number;
  /** Also what happens all the time. */
  readonly withRoutine: boolean;
}

/** The latest events first; a block that several roles tell of is told once, by who knows who found it. */
export function latestOf(events: readonly RoleEvent[], { most, withRoutine }: LatestOptions): readonly RoleEvent[] {
  const found = new Map<string, RoleEvent>();
  for (const event of events)
    if (event.type === 'block-found') found.set(event.hash, better(found.get(event.hash), event));
  return events
    .filter((event) => {
      if (event.type === 'block-found') return found.get(event.hash) === event;
      return withRoutine || !ROUTINE.has(event.type) || isLost(event);
    })
    .sort((a, b) => b.atMs - a.atMs)
    .slice(0, most);
}

function better(before: RoleEvent | undefined, event: RoleEvent): RoleEvent {
  const knowsWho = (each: RoleEvent) => each.type === 'block-found' && each.user !== undefined;
  return before === undefined || (!knowsWho(before) && knowsWho(event)) ? event : before;
}

const isLost = (event: RoleEvent): boolean =>
  event.type === 'block-status' && (event.status === 'orphaned' || event.status === 'rejected');
