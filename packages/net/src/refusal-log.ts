import { addressGroup } from './addresses.ts';
import type { Refusal } from './close-reasons.ts';
import type { Logger } from './ports.ts';

const MINUTE_MS = 60_000;
/** Lines a minute: strangers may come from any number of addresses. */
const LINES_PER_MINUTE = 20;

/** Says whom a listener turned away: each IPv4 address or IPv6 /64 once a minute for each limit, the first few of them. */
export class RefusalLog {
  readonly #log: Logger;
  readonly #told = new Set<string>();
  #sinceMs = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @param nowMs - unix ms */
  note(address: string, limit: Refusal, nowMs: number): void {
    if (Math.abs(nowMs - this.#sinceMs) >= MINUTE_MS) {
      this.#told.clear();
      this.#sinceMs = nowMs;
    }
    const key = `${limit} ${addressGroup(address)}`;
    if (this.#told.size >= LINES_PER_MINUTE || this.#told.has(key)) return;
    this.#told.add(key);
    this.#log.info('connections refused', { address, limit });
  }
}
