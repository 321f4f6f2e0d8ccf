import type { MiningServerLimits } from './config.ts';

/** Shares that a connection may send: a bucket that fills at many times the rate that its channels should have. */
export class FloodGate {
  readonly #limits: MiningServerLimits;
  readonly #perChannel: number;
  #tokens: number;
  #lastTicks: number;

  /** @param ticks milliseconds */
  constructor(limits: MiningServerLimits, sharesPerMinute: number, ticks: number) {
    this.#limits = limits;
    this.#perChannel = (sharesPerMinute / 60) * limits.floodFactor;
    this.#tokens = limits.sharesPerSecond * limits.floodBurstSeconds;
    this.#lastTicks = ticks;
  }

  /** One share has come. @returns false when there are far too many */
  pass(channels: number, ticks: number): boolean {
    const { sharesPerSecond, floodBurstSeconds } = this.#limits;
    const rate = Math.max(sharesPerSecond, channels * this.#perChannel);
    const gained = (rate * Math.max(0, ticks - this.#lastTicks)) / 1000;
    this.#tokens = Math.min(rate * floodBurstSeconds, this.#tokens + gained) - 1;
    this.#lastTicks = ticks;
    return this.#tokens >= 0;
  }
}
