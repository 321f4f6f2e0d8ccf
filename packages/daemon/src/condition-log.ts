import type { ConditionReport, Health } from './health.ts';
import type { Logger } from './logger.ts';

/** What a service that has just started is still without is part of its start; longer than that, it is worth a warning. */
export const START_GRACE_MS = 5_000;

/**
 * Tells the log how the conditions of a service change. What was never met is told when the start is settled, and what
 * ends because the service stops is no news.
 */
export class ConditionLog {
  readonly #health: Health;
  readonly #log: Logger;
  /** Those that were met once, or that the log has been warned of. */
  readonly #known = new Set<string>();
  #isSettled = false;

  constructor(health: Health, log: Logger) {
    this.#health = health;
    this.#log = log;
    health.onChange((condition) => this.#onChange(condition));
  }

  /** The start is over: whatever is still not met is warned of. */
  settle(): void {
    this.#isSettled = true;
    const { conditions, state } = this.#health.report();
    if (state === 'stopping') return;
    for (const condition of conditions) if (!condition.ok && !this.#known.has(condition.name)) this.#warn(condition);
  }

  #onChange(condition: ConditionReport): void {
    const { name, ok, reason } = condition;
    if (ok) {
      this.#known.add(name);
      this.#log.info('condition met', { condition: name });
    } else if (this.#health.report().state === 'stopping' || (!this.#isSettled && !this.#known.has(name))) {
      this.#log.debug('condition not met', { condition: name, reason });
    } else this.#warn(condition);
  }

  #warn({ name, reason }: ConditionReport): void {
    this.#known.add(name);
    this.#log.warn('condition failing', { condition: name, reason });
  }
}
