import { heightOf } from '@sv2kit/bitcoin';
import { TEMPLATE_SOURCE_LIMITS } from './limits.ts';
import type { Provider } from './provider.ts';
import type { KnownBest } from './template-line-options.ts';

/** For how long work has had nobody behind it, whatever is done to the clock. */
export class Freshness {
  readonly #bestBlock: () => KnownBest | undefined;
  #freshAtMs: number;
  #lookedAtMs: number;
  /** Since when a block is known that the provider's work does not build on. */
  #outrunSinceMs: number | undefined;
  #outrunBy: KnownBest | undefined;

  /** @param bestBlock that somebody else knows of */
  constructor(nowMs: number, bestBlock: () => KnownBest | undefined) {
    this.#freshAtMs = nowMs;
    this.#lookedAtMs = nowMs;
    this.#bestBlock = bestBlock;
  }

  /** Unix ms. */
  get freshAtMs(): number {
    return this.#freshAtMs;
  }

  /** Since when there is a block that the provider's work is behind, unix ms. */
  get outrunSinceMs(): number | undefined {
    return this.#outrunSinceMs;
  }

  staleForMs(nowMs: number): number {
    return Math.max(0, nowMs - this.#freshAtMs);
  }

  renew(nowMs: number): void {
    this.#freshAtMs = nowMs;
  }

  /** Time passes. @param provider whose work is served, or would be */
  look(nowMs: number, provider: Provider | undefined): void {
    this.#noteStep(nowMs, provider);
    this.#outrunBy = outrunBy(this.#bestBlock(), provider);
    if (this.#outrunBy === undefined) this.#outrunSinceMs = undefined;
    else this.#outrunSinceMs ??= nowMs;
  }

  /** Why the provider's work is no good though it is there; a provider has a moment to hear of a block. */
  trouble(nowMs: number): string | undefined {
    if (this.#outrunBy === undefined || this.#outrunSinceMs === undefined) return undefined;
    if (nowMs - this.#outrunSinceMs < TEMPLATE_SOURCE_LIMITS.uselessProviderMs) return undefined;
    const { height, by } = this.#outrunBy;
    return `the template provider has had no template on block ${height} of node ${by} since ${dated(this.#outrunSinceMs)}`;
  }

  /**
   * The clock was set back: nothing is younger for it. Or nobody looked for a while, as this process was stopped or the
   * clock was set ahead: that is no silence of a provider that is there, and has had no time to answer.
   */
  #noteStep(nowMs: number, provider: Provider | undefined): void {
    const passed = nowMs - this.#lookedAtMs;
    this.#lookedAtMs = nowMs;
    if (passed < 0) provider?.shift(passed);
    const isGap = passed >= TEMPLATE_SOURCE_LIMITS.unlookedMs && provider?.open === true;
    const step = isGap ? passed - TEMPLATE_SOURCE_LIMITS.tickMs : Math.min(0, passed);
    this.#freshAtMs += step;
    if (this.#outrunSinceMs !== undefined) this.#outrunSinceMs += step;
    if (isGap) provider.idleSinceMs += step;
  }
}

/** A block that is known elsewhere, at or above the height of the one that the provider's template would make. */
function outrunBy(best: KnownBest | undefined, provider: Provider | undefined): KnownBest | undefined {
  if (best === undefined || provider?.open !== true || provider.current === undefined) return undefined;
  return best.height >= heightOf(provider.current.template.coinbasePrefix) ? best : undefined;
}

/** Unix ms as logs and health show it. */
export const dated = (ms: number): string => new Date(ms).toISOString();
