import type { Clock } from './clock.ts';

/** Why a condition is not met, for programs; the reason says it to people. */
export const HEALTH_CODES = {
  'not-ready': 'It has only just started, or nothing more is known.',
  'node-away': 'A Bitcoin node cannot be reached, or does not answer.',
  'node-behind': 'A Bitcoin node is still catching up, or far behind its peers.',
  'wrong-chain': 'A node is not on the chain that was asked for, or stands apart from its peers.',
  'clock-off': 'The clock of this machine is not what nodes and their peers have.',
  'template-too-old': 'There is a template, but no new one for too long.',
  'no-template': 'There is nothing to mine: no template came yet, or the last is void.',
  'no-whole-blocks': 'Only a template provider takes blocks; no node would.',
  'upstream-lost': 'No upstream is connected, or none gives work.',
  'second-choice': 'It works, but not with the upstream that comes first.',
  'no-work': 'Connected, but without a job.',
  'shares-refused': 'There is work, but every share of it has been refused for a while.',
  'job-declaration-away': 'Jobs that miners declare cannot be taken now.',
  'ledger-failed': 'The journal cannot be written, or not fast enough.',
  'database-behind': 'What is projected from the journal is behind or incomplete.',
  'database-away': 'The database of the ledger cannot be reached, or cannot be used as it is.',
  certificate: 'The certificate is not valid now.',
  'role-away': 'A role that the dashboard shows cannot be reached.',
} as const;
export type HealthCode = keyof typeof HEALTH_CODES;

/** What it means that a node is in this state, in which it is not of full use. */
export function nodeCode(state: string): HealthCode {
  if (state === 'wrong-chain') return 'wrong-chain';
  return state === 'ibd' || state === 'behind' ? 'node-behind' : 'node-away';
}

/** How often a condition that goes on failing may tell of another reason for the same code. */
export const REASON_NEWS_MS = 60_000;

/** One thing that must be so for the service to be of full use. It counts as failing until something else is said. */
export interface Condition {
  /** It is so. */
  ok(): void;
  /** It is not so, because …: the service is not to be relied on. The code is the condition's own when left out. */
  failing(reason: string, code?: HealthCode): void;
  /** It is not so, because …; the service does all its work without. */
  lacking(reason: string, code?: HealthCode): void;
  /** It no longer matters (an upstream that was removed). */
  remove(): void;
}

export interface ConditionReport {
  readonly name: string;
  readonly ok: boolean;
  /** Of one that is not ok. */
  readonly code?: HealthCode;
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

interface Fault {
  readonly reason: string;
  readonly code: HealthCode;
  readonly serving?: boolean;
}

type Phase = 'starting' | 'running' | 'stopping';

/** The service's conditions, each with its reason: the health of the whole is that of its worst part. */
export class Health {
  readonly #clock: Clock;
  readonly #conditions = new Map<string, ConditionReport>();
  readonly #listeners = new Set<(condition: ConditionReport) => void>();
  /** When the listeners heard of each condition last; undefined while they have not. */
  readonly #toldAtMs = new Map<string, number>();
  /** Conditions whose last reason is told later. */
  readonly #late = new Map<string, Disposable>();
  #phase: Phase = 'starting';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Declares a condition; it counts as failing with `reason` until told otherwise.
   *
   * @param code what it means when the condition is not met and nothing else is said
   */
  condition(name: string, reason = 'not yet known', code: HealthCode = 'not-ready'): Condition {
    this.#set(name, { reason, code });
    return {
      ok: () => this.#set(name, undefined),
      failing: (why, as = code) => this.#set(name, { reason: why, code: as }),
      lacking: (why, as = code) => this.#set(name, { reason: why, code: as, serving: true }),
      remove: () => this.#remove(name),
    };
  }

  /**
   * Called whenever a condition becomes ok or failing, or fails for another reason; not when it is declared. Of reasons
   * that change within the same code the last one is told, {@link REASON_NEWS_MS} after what was told before.
   */
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
    for (const name of [...this.#late.keys()]) this.#forgetLate(name);
  }

  report(): HealthReport {
    const conditions = [...this.#conditions.values()];
    const reasons = conditions.filter(({ ok }) => !ok).map(({ name, reason }) => `${name}: ${reason}`);
    const state = this.#phase === 'running' ? (reasons.length === 0 ? 'ok' : 'degraded') : this.#phase;
    const serving = this.#phase === 'running' && conditions.every((each) => each.ok || each.serving === true);
    return { state, serving, ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }), conditions };
  }

  #set(name: string, fault: Fault | undefined): void {
    const before = this.#conditions.get(name);
    const ok = fault === undefined;
    if (before?.ok === ok && (ok || isSame(before, fault))) return;
    const sinceMs = before?.ok === ok ? before.sinceMs : this.#clock.now();
    const now: ConditionReport = { name, ok, ...fault, sinceMs };
    this.#conditions.set(name, now);
    if (before === undefined) return;
    const isNews = before.ok !== ok || before.code !== now.code || before.serving !== now.serving;
    const waitMs = (this.#toldAtMs.get(name) ?? Number.NEGATIVE_INFINITY) + REASON_NEWS_MS - this.#clock.now();
    if (isNews || !(waitMs > 0 && waitMs <= REASON_NEWS_MS)) this.#tell(now);
    else if (this.#phase !== 'stopping' && !this.#late.has(name)) this.#tellLater(name, waitMs);
  }

  #tell(condition: ConditionReport): void {
    this.#forgetLate(condition.name);
    this.#toldAtMs.set(condition.name, this.#clock.now());
    for (const listener of this.#listeners) listener(condition);
  }

  /** As it is by then. */
  #tellLater(name: string, waitMs: number): void {
    const timer = this.#clock.after(waitMs, () => {
      const condition = this.#conditions.get(name);
      if (condition !== undefined) this.#tell(condition);
    });
    this.#late.set(name, timer);
  }

  #forgetLate(name: string): void {
    this.#late.get(name)?.[Symbol.dispose]();
    this.#late.delete(name);
  }

  #remove(name: string): void {
    this.#forgetLate(name);
    this.#toldAtMs.delete(name);
    this.#conditions.delete(name);
  }
}

function isSame(before: ConditionReport, { code, reason, serving = false }: Fault): boolean {
  return before.reason === reason && before.code === code && (before.serving ?? false) === serving;
}
