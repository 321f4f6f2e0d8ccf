import { historyFrame, type HistoryPoint, workHistory, type WorkSum } from './work-history.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

/** The shares of the last 24 hours by the minute, in 28 kB: four cells for each minute, whatever comes. */
export class WorkMinutes {
  /** Since when it has counted; unix milliseconds. */
  readonly sinceMs: number;
  /** Whose minute each slot is: unix minutes. */
  readonly #minutes = new Uint32Array(DAY_MINUTES);
  readonly #accepted = new Uint32Array(DAY_MINUTES);
  readonly #rejected = new Uint32Array(DAY_MINUTES);
  readonly #work = new Float64Array(DAY_MINUTES);

  constructor(nowMs: number) {
    this.sinceMs = nowMs;
  }

  /** @param work the difficulty that is credited. @param shares how many they are together */
  accept(work: number, nowMs: number, shares = 1): void {
    const slot = this.#slotAt(nowMs);
    this.#accepted[slot] = (this.#accepted[slot] ?? 0) + shares;
    this.#work[slot] = (this.#work[slot] ?? 0) + work;
  }

  reject(nowMs: number): void {
    const slot = this.#slotAt(nowMs);
    this.#rejected[slot] = (this.#rejected[slot] ?? 0) + 1;
  }

  /** The minutes in which there were shares, in no order; some may be older than a day. */
  *sums(): Generator<WorkSum> {
    for (const [slot, minute] of this.#minutes.entries()) {
      if (minute === 0) continue;
      yield {
        startMs: minute * MINUTE_MS,
        spanMs: MINUTE_MS,
        accepted: this.#accepted[slot] ?? 0,
        rejected: this.#rejected[slot] ?? 0,
        work: this.#work[slot] ?? 0,
      };
    }
  }

  /** Of so many hours up to now, in stretches of `stepSeconds`: at most 500. */
  history(hours: number, nowMs: number): { readonly stepSeconds: number; readonly points: HistoryPoint[] } {
    const frame = historyFrame(hours, nowMs);
    const known = { sinceMs: this.sinceMs, nowMs, countsRejected: true };
    return { stepSeconds: frame.stepMs / 1000, points: workHistory(this.sums(), frame, known) };
  }

  #slotAt(nowMs: number): number {
    const minute = Math.floor(nowMs / MINUTE_MS);
    const slot = minute % DAY_MINUTES;
    if (this.#minutes[slot] !== minute) {
      this.#minutes[slot] = minute;
      this.#accepted[slot] = 0;
      this.#rejected[slot] = 0;
      this.#work[slot] = 0;
    }
    return slot;
  }
}
