import type { Clock } from './ports.ts';

/** How often deadlines are looked at, in milliseconds. */
const SWEEP_MS = 1_000;

/** Something with deadlines. */
export interface Swept {
  /** @param now - unix milliseconds */
  sweep(now: number): void;
}

/**
 * All deadlines of all connections on one timer: each second every connection compares a few numbers. It costs less than
 * a timer per connection, and nothing when a deadline moves.
 */
export class Sweep {
  readonly #clock: Clock;
  readonly #members = new Set<Swept>();
  #timer: Disposable | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(member: Swept): void {
    this.#members.add(member);
    this.#timer ??= this.#clock.every(SWEEP_MS, () => this.#run());
  }

  delete(member: Swept): void {
    this.#members.delete(member);
    if (this.#members.size > 0) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #run(): void {
    const now = this.#clock.now();
    for (const member of this.#members) member.sweep(now);
  }
}

const sweeps = new WeakMap<Clock, Sweep>();

/** The one sweep of a clock. */
export function sweepOf(clock: Clock): Sweep {
  const known = sweeps.get(clock);
  if (known !== undefined) return known;
  const sweep = new Sweep(clock);
  sweeps.set(clock, sweep);
  return sweep;
}
