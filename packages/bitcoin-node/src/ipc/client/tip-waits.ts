import { sameBytes } from '@sv2kit/bitcoin';
import { stopwatch } from '../../host.ts';
import type { Lane } from './lane.ts';
import { IPC_LIMITS } from './limits.ts';
import type { Waits } from './node-waits.ts';
import type { TipRef, WaitOptions } from './types.ts';

/** A template as these waits see it. */
export interface Renewable {
  header(lane: Lane): Promise<Uint8Array>;
  fees(lane: Lane): Promise<readonly bigint[]>;
  release(): void;
}

/** How another template like one is made. */
export interface Renewal<T> {
  /** Unix ms. */
  now(): number;
  waitTip(lane: Lane, current: Uint8Array, timeoutMs: number): Promise<TipRef | undefined>;
  renew(lane: Lane): Promise<T | undefined>;
}

/**
 * Waits for version 30, without its waitNext: a node of that version ends itself when a connection breaks while one is
 * on, so that killing its client would end the node too. Waiting for a tip does it no harm, and making a template anew
 * gives what waitNext would; for higher fees it is made every few seconds, since all clients wait meanwhile.
 */
export class TipWaits<T extends Renewable> implements Waits<T> {
  readonly #template: Renewable;
  readonly #renewal: Renewal<T>;
  readonly #waiting = new Set<AbortController>();

  constructor(template: Renewable, renewal: Renewal<T>) {
    this.#template = template;
    this.#renewal = renewal;
  }

  async next(lane: Lane, wait: WaitOptions): Promise<T | undefined> {
    const stop = new AbortController();
    this.#waiting.add(stop);
    try {
      return await this.#next(lane, wait, stop.signal);
    } finally {
      this.#waiting.delete(stop);
    }
  }

  async interrupt(): Promise<void> {
    const [first] = this.#waiting;
    first?.abort();
  }

  end(): void {
    for (const stop of this.#waiting) stop.abort();
  }

  async #next(lane: Lane, { timeoutMs, feeThreshold }: WaitOptions, stop: AbortSignal): Promise<T | undefined> {
    const elapsed = stopwatch(this.#renewal);
    const prevHash = (await this.#template.header(lane)).subarray(4, 36);
    const wanted = feeThreshold === undefined ? undefined : (await total(this.#template, lane)) + feeThreshold;
    for (let feesAt = Math.min(IPC_LIMITS.feeLookMs, timeoutMs); !stop.aborted; ) {
      // A wait for a tip is interrupted by nothing: it is cut into short ones.
      const slice = Math.max(1, Math.min(timeoutMs - elapsed(), IPC_LIMITS.tipSliceMs));
      const tip = await this.#renewal.waitTip(lane, prevHash, slice);
      if (tip === undefined || stop.aborted) return undefined;
      if (!sameBytes(tip.hash, prevHash)) return await this.#renewal.renew(lane);
      const ms = elapsed();
      if (wanted !== undefined && ms >= feesAt) {
        const better = await this.#better(lane, wanted);
        if (better !== undefined) return better;
        feesAt = ms + IPC_LIMITS.feeLookMs;
      }
      if (ms >= timeoutMs) return undefined;
    }
    return undefined;
  }

  /** A new template, if its fees are what is wanted. */
  async #better(lane: Lane, wanted: bigint): Promise<T | undefined> {
    const template = await this.#renewal.renew(lane);
    if (template === undefined || (await total(template, lane)) >= wanted) return template;
    template.release();
    return undefined;
  }
}

async function total(template: Renewable, lane: Lane): Promise<bigint> {
  return (await template.fees(lane)).reduce((sum, fee) => sum + fee, 0n);
}
