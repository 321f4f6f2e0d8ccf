import { Events } from '../../src/events.ts';
import type { Place } from '../../src/notify/channel.ts';
import type { Interest } from '../../src/notify/desk.ts';
import { type Notifier, openNotifier } from '../../src/notify/notifier.ts';
import type { Fate } from '../../src/notify/outbox.ts';
import { EVENT_TYPES } from '../../src/event-types.ts';
import type { ConditionView } from '../../src/schemas/health.ts';
import { Receiver } from './receiver.ts';
import { VirtualClock } from './virtual-clock.ts';

export const HASH = '00000000000000000001'.padEnd(64, 'a');

/** A notifier with one destination, its receiver, and everything that it counts and logs. */
export interface Site extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly events: Events;
  readonly receiver: Receiver;
  readonly notifier: Notifier;
  readonly conditions: Map<string, ConditionView>;
  readonly fates: Fate[];
  readonly log: { readonly message: string; readonly fields: unknown }[];
  readonly stop: AbortController;
  /** Resolves when so many fates were counted in all. */
  settled(count: number): Promise<readonly Fate[]>;
  /** Lets time pass; what is due in each second arrives in it. */
  pass(ms: number): Promise<void>;
  /** Tells of a block and lets the moment pass in which others may. */
  block(height?: number): void;
  /** Health says so and tells the events. */
  condition(name: string, reason: string | undefined, serving?: boolean): void;
}

export async function site(
  interest: Partial<Interest> = {},
  placeOf: (url: string) => Place = (url) => ({ kind: 'webhook', url: () => `${url}/hook` }),
  receiver?: Receiver,
  failing: readonly string[] = [],
): Promise<Site> {
  const clock = new VirtualClock();
  const events = new Events({ now: () => clock.now() });
  const at = receiver ?? (await Receiver.open());
  const conditions = new Map<string, ConditionView>(
    failing.map((name) => [name, { name, ok: false, reason: 'not yet known', sinceMs: clock.now() }]),
  );
  const fates: Fate[] = [];
  const log: Site['log'] = [];
  const stop = new AbortController();
  let heights = 899_999;
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const say = (message: string, fields?: unknown): void => void log.push({ message, fields });
  const notifier = openNotifier({
    role: 'pool',
    destinations: [
      {
        name: 'phone',
        place: placeOf(at.url),
        interest: {
          events: EVENT_TYPES,
          statuses: ['matured', 'orphaned', 'rejected'],
          conditions: [],
          afterMs: 60_000,
          quietMs: 600_000,
          ...interest,
        },
      },
    ],
    events,
    clock,
    conditions: () => [...conditions.values()],
    log: { info: say, warn: say },
    signal: stop.signal,
    redact: (text) => text.replaceAll('203.0.113.7', '203.0.113.x'),
    count(_, fate) {
      fates.push(fate);
      for (const { count, resolve } of waiting) if (count <= fates.length) resolve();
    },
  });
  const settled = async (count: number): Promise<readonly Fate[]> => {
    if (fates.length < count) await new Promise<void>((resolve) => void waiting.push({ count, resolve }));
    return fates;
  };
  return {
    clock,
    events,
    receiver: at,
    notifier,
    conditions,
    fates,
    log,
    stop,
    settled,
    async pass(ms) {
      for (let left = ms; left > 0; left -= 1000) {
        clock.advance(Math.min(left, 1000));
        while (notifier.status().some((each) => each.waiting > 0)) await settled(fates.length + 1);
      }
    },
    block(height = ++heights) {
      events.emit(blockFound(height));
      clock.advance(1_000);
    },
    condition(name, reason, serving) {
      const ok = reason === undefined;
      const view = { name, ok, sinceMs: clock.now(), ...(ok ? {} : { reason }), ...(serving && { serving }) };
      conditions.set(name, view);
      events.emit({ type: 'condition', ...view });
    },
    async [Symbol.asyncDispose]() {
      await notifier.close();
      await at[Symbol.asyncDispose]();
    },
  };
}

export function blockFound(height = 900_000) {
  const hash = height.toString(16).padStart(HASH.length, '0');
  return { type: 'block-found', hash, height, user: 'addr', worker: 'rig1', revenue: 312_500_000 } as const;
}
