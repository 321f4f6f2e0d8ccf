import { sameBytes } from '@sv2kit/bitcoin';
import { type Clock, pause } from '../../host.ts';
import { IPC_LIMITS } from './limits.ts';
import type { TipRef } from './types.ts';

/** Waits that version 30 does not know, or does not end when it is told to: they are made of short ones here. */
export class OwnWaits {
  readonly #clock: Clock;
  readonly #waiting = new Set<AbortController>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Asks until the initial download is over: false after a minute, or an interrupt. */
  downloaded(isDownloading: () => Promise<boolean>): Promise<boolean> {
    return this.#wait(async (stop) => {
      for (let waited = 0; waited < IPC_LIMITS.cooldownMs && !stop.aborted; waited += IPC_LIMITS.downloadPollMs) {
        if (!(await isDownloading())) return true;
        await pause(this.#clock, IPC_LIMITS.downloadPollMs, stop);
      }
      return false;
    });
  }

  /**
   * Undefined after an interrupt, and when the node stops.
   *
   * @param ask waits at the node for another tip than `current`
   */
  tip(
    ask: (timeoutMs: number) => Promise<TipRef | undefined>,
    current: Uint8Array,
    timeoutMs: number,
  ): Promise<TipRef | undefined> {
    return this.#wait(async (stop) => {
      for (let left = timeoutMs; ; left -= IPC_LIMITS.tipSliceMs) {
        const tip = await ask(Math.min(left, IPC_LIMITS.tipSliceMs));
        if (tip === undefined || stop.aborted) return undefined;
        if (left <= IPC_LIMITS.tipSliceMs || !sameBytes(tip.hash, current)) return tip;
      }
    });
  }

  interrupt(): void {
    for (const stop of this.#waiting) stop.abort();
  }

  async #wait<T>(run: (stop: AbortSignal) => Promise<T>): Promise<T> {
    const stop = new AbortController();
    this.#waiting.add(stop);
    try {
      return await run(stop.signal);
    } finally {
      this.#waiting.delete(stop);
    }
  }
}
