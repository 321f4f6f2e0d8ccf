import type { MiningServerLimits } from './config.ts';
import { TokenBucket } from './token-bucket.ts';

/** How fast one connection may send what costs the server something. Ticks are milliseconds. */
export class Gates {
  readonly #limits: MiningServerLimits;
  readonly #perChannel: number;
  readonly #shares: TokenBucket;
  readonly #opens: TokenBucket;

  constructor(limits: MiningServerLimits, sharesPerMinute: number, ticks: number) {
    this.#limits = limits;
    this.#perChannel = (sharesPerMinute / 60) * limits.floodFactor;
    this.#shares = new TokenBucket(limits.sharesPerSecond * limits.floodBurstSeconds, ticks);
    this.#opens = new TokenBucket(limits.channelsPerConnection, ticks);
  }

  /** A share has come. @returns false when there are far more than the channels should have */
  share(channels: number, ticks: number): boolean {
    const { sharesPerSecond, floodBurstSeconds } = this.#limits;
    const rate = Math.max(sharesPerSecond, channels * this.#perChannel);
    return this.#shares.take(rate, rate * floodBurstSeconds, ticks);
  }

  /** A channel is asked for: each costs a prefix until two tips have passed. */
  open(ticks: number): boolean {
    const { opensPerSecond, channelsPerConnection } = this.#limits;
    return this.#opens.take(opensPerSecond, channelsPerConnection, ticks);
  }
}
