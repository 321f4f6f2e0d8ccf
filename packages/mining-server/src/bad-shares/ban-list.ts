/** When who was sent away is not let in again for a time. */
export interface BanLimits {
  /** Times that somebody is sent away within `withinMs` before it is banned; 0: nobody is ever banned. */
  readonly after: number;
  readonly withinMs: number;
  /** How long a ban lasts. */
  readonly banMs: number;
  /** Who are remembered; the oldest give way, those who are not banned first. */
  readonly most: number;
}

interface Entry {
  times: number;
  sinceMs: number;
  /** In the past when not banned. */
  untilMs: number;
}

/** Who was sent away of late, and who is banned for it. Times are milliseconds; a ban is never longer than `banMs`. */
export class BanList {
  #limits: BanLimits;
  /** In the order in which they were sent away last. */
  readonly #entries = new Map<string, Entry>();

  constructor(limits: BanLimits) {
    this.#limits = limits;
  }

  /** Bans that are in force last no longer than the new ones. */
  setLimits(limits: BanLimits): void {
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Somebody is sent away. @param spared whether it must not be banned @returns until when it is banned now */
  sentAway(who: string, nowMs: number, spared = false): number | undefined {
    const { after, withinMs, banMs } = this.#limits;
    if (after === 0) return undefined;
    const before = this.#entries.get(who);
    this.#entries.delete(who);
    const isRecent = before !== undefined && Math.abs(nowMs - before.sinceMs) < withinMs;
    const entry: Entry = isRecent ? before : { times: 0, sinceMs: nowMs, untilMs: 0 };
    entry.times += 1;
    this.#makeRoom(nowMs);
    this.#entries.set(who, entry);
    if (spared || entry.times < after) return undefined;
    // Who comes back no better is banned at once.
    entry.times = after - 1;
    entry.sinceMs = nowMs;
    entry.untilMs = nowMs + banMs;
    return entry.untilMs;
  }

  /** Until when somebody is banned; undefined when it is not. */
  bannedUntil(who: string, nowMs: number): number | undefined {
    const entry = this.#entries.get(who);
    if (entry === undefined || entry.untilMs <= nowMs) return undefined;
    // The clock was set back.
    if (entry.untilMs - nowMs > this.#limits.banMs) entry.untilMs = nowMs + this.#limits.banMs;
    return entry.untilMs;
  }

  #makeRoom(nowMs: number): void {
    const { most } = this.#limits;
    if (this.#entries.size < most) return;
    let looked = 0;
    for (const [who, { untilMs }] of this.#entries) {
      if (untilMs > nowMs && ++looked < LOOKED_AT) continue;
      this.#entries.delete(who);
      return;
    }
    const oldest = this.#entries.keys().next().value;
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

/** Entries of a full list that are looked at for one that is not banned. */
const LOOKED_AT = 64;
