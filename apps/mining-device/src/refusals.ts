import type { Clock, Condition, Logger } from '@sv2kit/daemon';

/** Refused shares are gathered into one line of the log for so long. */
export const REFUSALS_LINE_MS = 60_000;
/** All shares were refused for so long, and at least so many: the work comes to nothing. */
export const ALL_REFUSED_MS = 60_000;
const ALL_REFUSED_SHARES = 3;

/** Shares that a server refuses: told in a line for many, and by health when no other share is left. */
export class Refusals {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #condition: Condition;
  /** By code, since the last line. */
  readonly #untold = new Map<string, number>();
  #toldAtMs = Number.NEGATIVE_INFINITY;
  /** Since an accepted share. */
  #inARow = 0;
  #sinceMs = 0;
  #lastWords = '';

  constructor(clock: Clock, log: Logger, condition: Condition) {
    this.#clock = clock;
    this.#log = log;
    this.#condition = condition;
    condition.ok();
  }

  accepted(): void {
    this.#inARow = 0;
    this.#condition.ok();
  }

  /** Another server gives work now. */
  restart(): void {
    this.#tell();
    this.accepted();
  }

  /** @param text what the server says of it beside the code */
  refused(code: string, text: string | undefined): void {
    if (this.#inARow === 0) this.#sinceMs = this.#clock.now();
    this.#inARow += 1;
    this.#lastWords = text === undefined || text === '' ? code : `${code} (${text})`;
    this.#untold.set(code, (this.#untold.get(code) ?? 0) + 1);
    this.look();
  }

  /** Time passes. */
  look(): void {
    const nowMs = this.#clock.now();
    if (Math.abs(nowMs - this.#toldAtMs) >= REFUSALS_LINE_MS) this.#tell();
    if (this.#inARow < ALL_REFUSED_SHARES || nowMs - this.#sinceMs < ALL_REFUSED_MS) return;
    const since = new Date(this.#sinceMs).toISOString();
    this.#condition.failing(`the server has refused every share since ${since}: ${this.#lastWords}`);
  }

  #tell(): void {
    if (this.#untold.size === 0) return;
    this.#log.info('shares rejected', { codes: Object.fromEntries(this.#untold), last: this.#lastWords });
    this.#untold.clear();
    this.#toldAtMs = this.#clock.now();
  }
}
