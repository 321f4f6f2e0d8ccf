import type { Clock } from './clock.ts';

/** One thing that must be so for the service to be of full use. It counts as failing until something else is said. */
export interface Condition {
  /** It is so. */
  ok(): void;
  /** It is not so, because …: the service is not to be relied on. */
  failing(reason: string): void;
  /** It is not so, because …; the service does all its work without. */
  lacking(reason: string): void;
  /** It no longer matters (an upstream that was removed). */
  remove(): void;
}

export interface ConditionReport {
  readonly name: string;
  readonly ok: boolean;
  readonly reason?: string;
  /** Of one that is not ok: whether the service does all its work without. */
  readonly serving?: boolean;
  /** Unix milliseconds since when it is as it is. */
  readonly sinceMs: number;
}

export type HealthState = 'starting' | 'ok' | 'degraded' | 'stopping';

export interface HealthReport {
  readonly state: HealthState;
  /** Whether the service does its work: ok, or degraded by nothing that it needs. */
  readonly serving: boolean;
  /** Why the state is not ok: the reasons of the conditions that are not. */
  readonly reason?: string;
  readonly conditions: readonly ConditionReport[];
}

type Phase = 'starting' | 'running' | 'stopping';

/** The service's conditions, each with its reason: the health of the whole is that of its worst part. */
export class Health {
  readonly #clock: Clock;
  readonly #conditions = new Map<string, ConditionReport>();
  readonly #listeners = new Set<(condition: ConditionReport) => void>();
  #phase: Phase = 'starting';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Declares a condition; it counts as failing with `reason` until told otherwise. */
  condition(name: string, reason = 'not yet known'): Condition {
    this.#set(name, reason);
    return {
      ok: () => this.#set(name, undefined),
      failing: (why) => this.#set(name, why),
      lacking: (why) => this.#set(name, why, true),
      remove: () => void this.#conditions.delete(name),
    };
  }

  /** Called whenever a condition becomes ok or failing, or fails for another reason; not when it is declared. */
  onChange(listener: (condition: ConditionReport) => void): void {
    this.#listeners.add(listener);
  }

  /** starting -> running */
  started(): void {
    if (this.#phase === 'starting') this.#phase = 'running';
  }

  /** any -> stopping */
  stopping(): void {
    this.#phase = 'stopping';
  }

  report(): HealthReport {
    const conditions = [...this.#conditions.values()];
    const reasons = conditions.filter(({ ok }) => !ok).map(({ name, reason }) => `${name}: ${reason}`);
    const state = this.#phase === 'running' ? (reasons.length === 0 ? 'ok' : 'degraded') : this.#phase;
    const serving = this.#phase === 'running' && conditions.every((each) => each.ok || each.serving === true);
    return { state, serving, ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }), conditions };
  }

  #set(name: string, reason: string | undefined, serving = false): void {
    const before = this.#conditions.get(name);
    const ok = reason === undefined;
    if (before !== undefined && before.ok === ok && before.reason === reason && (before.serving ?? false) === serving)
      return;
    const sinceMs = before?.ok === ok ? before.sinceMs : this.#clock.now();
    const now: ConditionReport = ok
      ? { name, ok, sinceMs }
      : { name, ok, reason, sinceMs, ...(serving && { serving }) };
    this.#conditions.set(name, now);
    if (before === undefined) return;
    for (const listener of this.#listeners) listener(now);
  }
}
