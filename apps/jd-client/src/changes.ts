import { JD_CLIENT_LIMITS } from './limits.ts';

/** New outputs and extranonce prefixes of a pair that could be mined for: a few are obeyed. */
export class Changes {
  /** In unix milliseconds. */
  #latest: number[] = [];

  /** There is another one. @returns whether it is one too many */
  isTooMany(nowMs: number): boolean {
    const { changes, changesMs } = JD_CLIENT_LIMITS;
    this.#latest = [...this.#latest.filter((atMs) => nowMs - atMs < changesMs), nowMs];
    return this.#latest.length > changes;
  }
}
