import { MONITOR_LIMITS } from './limits.ts';
import type { EventRecord, MonitorEvent } from './schemas/events.ts';

const { eventsKept } = MONITOR_LIMITS;

export interface EventsOptions {
  /** Unix milliseconds. */
  readonly now?: () => number;
  /** Hears of a listener that threw: a bug. */
  readonly onError?: (error: unknown) => void;
}

/** What happens, told to whoever listens; the last ones are remembered. */
export class Events {
  readonly #now: () => number;
  readonly #onError: (error: unknown) => void;
  readonly #ring: EventRecord[] = [];
  readonly #listeners = new Set<(event: EventRecord) => void>();
  readonly #epoch: string;
  #lastId = 0;

  constructor({ now = Date.now, onError = () => {} }: EventsOptions = {}) {
    this.#now = now;
    this.#onError = onError;
    this.#epoch = now().toString(36);
  }

  /** Tells the numbers of this start of the process from those of another. */
  get epoch(): string {
    return this.#epoch;
  }

  /** The number of the last event; 0 before the first. */
  get lastId(): number {
    return this.#lastId;
  }

  /** Never throws. The event must not be changed afterwards. */
  emit(event: MonitorEvent): void {
    const record: EventRecord = { ...event, id: ++this.#lastId, atMs: this.#now() };
    this.#ring[(record.id - 1) % eventsKept] = record;
    for (const listener of this.#listeners) {
      try {
        listener(record);
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  /** Calls `listener` for every event from now on, until disposed. */
  on(listener: (event: EventRecord) => void): Disposable {
    const own = (event: EventRecord): void => listener(event);
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }

  /** Those remembered after the event of that number, oldest first. */
  since(id: number): readonly EventRecord[] {
    const first = Math.max(id, this.#lastId - eventsKept, 0);
    const found: EventRecord[] = [];
    for (let each = first; each < this.#lastId; each++) {
      const record = this.#ring[each % eventsKept];
      if (record !== undefined) found.push(record);
    }
    return found;
  }

  /** The same stream for one part of the role: its events carry the part's name. */
  part(name: string): Events {
    return new PartEvents(name, this);
  }
}

class PartEvents extends Events {
  readonly #name: string;
  readonly #whole: Events;

  constructor(name: string, whole: Events) {
    super();
    this.#name = name;
    this.#whole = whole;
  }

  override get epoch(): string {
    return this.#whole.epoch;
  }

  override get lastId(): number {
    return this.#whole.lastId;
  }

  override emit(event: MonitorEvent): void {
    this.#whole.emit({ ...event, part: event.part === undefined ? this.#name : `${this.#name}.${event.part}` });
  }

  override on(listener: (event: EventRecord) => void): Disposable {
    return this.#whole.on(listener);
  }

  override since(id: number): readonly EventRecord[] {
    return this.#whole.since(id);
  }
}
