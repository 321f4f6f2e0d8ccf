import { Spacing } from './spacing.ts';
import { Alarm, type NotifyClock } from './time.ts';

/** A subject whose state is told: how it is now, and since when. */
export interface Change<T> {
  readonly name: string;
  readonly sinceMs: number;
  /** Of one that is well again: how long it was not, in milliseconds, where that is known. */
  readonly lastedMs?: number;
  readonly detail: T;
}

export interface StateWatchOptions<T> {
  readonly clock: NotifyClock;
  /** How long something must be bad before it is told. */
  readonly afterMs: number;
  /** How long nothing is told again of a subject that was told to be bad; but its end is. */
  readonly quietMs: number;
  /** Changes that come within this time of each other are told together … */
  readonly gatherMs: number;
  /** … but no later than this after the first. */
  readonly gatherMostMs: number;
  /** Whether messages keep apart the longer the more there are. */
  readonly isSpaced: boolean;
  /** Subjects that are remembered at most. */
  readonly most: number;
  readonly tell: (bad: readonly Change<T>[], good: readonly Change<T>[]) => void;
}

interface Subject<T> {
  bad: boolean;
  sinceMs: number;
  /** What was told last, or what it was before anything was told. */
  told: boolean;
  toldBadAtMs: number;
  badSinceMs: number | undefined;
  detail: T;
}

/**
 * Turns states that come and go into few messages: only what lasts is told, what ends before it was told never is, and
 * many at once are one message. What was told last is always true in the end.
 */
export class StateWatch<T> {
  readonly #options: StateWatchOptions<T>;
  readonly #subjects = new Map<string, Subject<T>>();
  /** Those whose state is not the one that was told. */
  readonly #pending = new Set<string>();
  readonly #spacing = new Spacing();
  readonly #alarm: Alarm;
  #windowSinceMs: number | undefined;

  constructor(options: StateWatchOptions<T>) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, () => this.#ring());
  }

  /** @param detail what is told of it: for a bad one the last that was given */
  set(name: string, bad: boolean, sinceMs: number, detail: T): void {
    const known = this.#subjects.get(name);
    if (known?.bad === bad) {
      known.detail = detail;
      return;
    }
    if (known === undefined && !this.#hasRoom()) return;
    const subject = known ?? unheard(bad, sinceMs, detail);
    Object.assign(subject, { bad, sinceMs, detail });
    // The end of what was told needs to know when that began, not when it came back for a moment.
    if (bad && !subject.told) subject.badSinceMs = sinceMs;
    this.#subjects.set(name, subject);
    if (subject.bad === subject.told) {
      this.#pending.delete(name);
      return;
    }
    this.#pending.add(name);
    // In a window, the alarm is set already.
    if (this.#windowSinceMs === undefined) this.#alarm.by(this.#dueMs(subject));
  }

  /** Tells at once whatever is due. */
  flush(): void {
    this.#tell(this.#due());
  }

  [Symbol.dispose](): void {
    this.#alarm[Symbol.dispose]();
  }

  /** Forgets those of whom nothing is to be told; of those that were told to be bad, the end will be told all the same. */
  #hasRoom(): boolean {
    const { most, clock, quietMs } = this.#options;
    if (this.#subjects.size < most) return true;
    const forgettable = clock.now() - quietMs;
    for (const [name, subject] of this.#subjects) {
      if (!subject.bad && !subject.told && subject.toldBadAtMs <= forgettable) this.#subjects.delete(name);
    }
    if (this.#subjects.size < most) return true;
    // Names of those that are gone for good would fill it for ever; many at once, for this looks at all of them.
    let spare = Math.ceil(most / 10);
    for (const [name, subject] of this.#subjects) {
      if (subject.bad && subject.told && spare-- > 0) this.#subjects.delete(name);
    }
    return this.#subjects.size < most;
  }

  #dueMs(subject: Subject<T>): number {
    // Nothing has happened in the future: where it seems so the clock was set back, and it counts from now on.
    const nowMs = this.#options.clock.now();
    subject.sinceMs = Math.min(subject.sinceMs, nowMs);
    subject.toldBadAtMs = Math.min(subject.toldBadAtMs, nowMs);
    if (!subject.bad) return subject.sinceMs;
    return Math.max(subject.sinceMs + this.#options.afterMs, subject.toldBadAtMs + this.#options.quietMs);
  }

  #due(): string[] {
    const now = this.#options.clock.now();
    return [...this.#pending].filter((name) => this.#dueMs(this.#of(name)) <= now);
  }

  #of(name: string): Subject<T> {
    const subject = this.#subjects.get(name);
    if (subject === undefined) throw new Error('a subject that waits is not known');
    return subject;
  }

  #ring(): void {
    const { clock, gatherMs, gatherMostMs } = this.#options;
    const now = clock.now();
    const due = this.#due();
    if (due.length === 0) return this.#rest();
    this.#windowSinceMs ??= now;
    const latest = due.reduce((most, name) => Math.max(most, this.#dueMs(this.#of(name))), 0);
    const closes = Math.min(Math.max(latest, this.#windowSinceMs) + gatherMs, this.#windowSinceMs + gatherMostMs);
    const atMs = this.#options.isSpaced ? Math.max(closes, this.#spacing.nextMs(now)) : closes;
    if (atMs > now) return this.#alarm.by(atMs);
    this.#tell(due);
  }

  /** The window is over: the alarm is set for the next that will be due. */
  #rest(): void {
    this.#windowSinceMs = undefined;
    let next = Number.POSITIVE_INFINITY;
    for (const name of this.#pending) next = Math.min(next, this.#dueMs(this.#of(name)));
    this.#alarm.by(next);
  }

  #tell(names: readonly string[]): void {
    const now = this.#options.clock.now();
    const bad: Change<T>[] = [];
    const good: Change<T>[] = [];
    for (const name of names) {
      const subject = this.#of(name);
      this.#pending.delete(name);
      subject.told = subject.bad;
      const { sinceMs, detail } = subject;
      if (subject.bad) subject.toldBadAtMs = now;
      const lasted = subject.badSinceMs === undefined ? {} : { lastedMs: Math.max(0, sinceMs - subject.badSinceMs) };
      if (subject.bad) bad.push({ name, sinceMs, detail });
      else good.push({ name, sinceMs, detail, ...lasted });
    }
    if (names.length > 0) {
      this.#spacing.sent(now);
      this.#options.tell(bad, good);
    }
    this.#rest();
  }
}

/** A subject of which this is the first that was heard: until now it was the other way. */
function unheard<T>(bad: boolean, sinceMs: number, detail: T): Subject<T> {
  return { bad, sinceMs, told: !bad, toldBadAtMs: Number.NEGATIVE_INFINITY, badSinceMs: undefined, detail };
}
