import type { EventType } from '../event-types.ts';
import type { EventRecord } from '../schemas/events.ts';
import { NOTIFY_LIMITS } from './limits.ts';
import { Spacing } from './spacing.ts';
import { Alarm, type NotifyClock } from './time.ts';

/** Events of one type that are told together. */
export interface Gathered {
  readonly type: EventType;
  /** The first of them, oldest first. */
  readonly events: readonly EventRecord[];
  readonly count: number;
}

interface Sort {
  events: EventRecord[];
  count: number;
  readonly spacing: Spacing;
  readonly alarm: Alarm;
}

/** What may come often is told together: the first events within a moment, and how many there were. */
export class Gatherer {
  readonly #sorts = new Map<EventType, Sort>();
  readonly #clock: NotifyClock;
  readonly #gatherMs: number;
  readonly #tell: (gathered: Gathered) => void;

  constructor(clock: NotifyClock, gatherMs: number, tell: (gathered: Gathered) => void) {
    this.#clock = clock;
    this.#gatherMs = gatherMs;
    this.#tell = tell;
  }

  add(event: EventRecord): void {
    const sort = this.#sort(event.type);
    sort.count++;
    if (sort.events.length < NOTIFY_LIMITS.listed) sort.events.push(event);
    const now = this.#clock.now();
    if (sort.count === 1) sort.alarm.by(Math.max(now + this.#gatherMs, sort.spacing.nextMs(now)));
  }

  /** Tells at once whatever waits. */
  flush(): void {
    for (const type of this.#sorts.keys()) this.#send(type);
  }

  [Symbol.dispose](): void {
    for (const { alarm } of this.#sorts.values()) alarm[Symbol.dispose]();
  }

  #sort(type: EventType): Sort {
    let sort = this.#sorts.get(type);
    if (sort === undefined) {
      const alarm = new Alarm(this.#clock, () => this.#send(type));
      sort = { events: [], count: 0, spacing: new Spacing(), alarm };
      this.#sorts.set(type, sort);
    }
    return sort;
  }

  #send(type: EventType): void {
    const sort = this.#sort(type);
    const { events, count } = sort;
    if (count === 0) return;
    sort.events = [];
    sort.count = 0;
    sort.spacing.sent(this.#clock.now());
    this.#tell({ type, events, count });
  }
}
