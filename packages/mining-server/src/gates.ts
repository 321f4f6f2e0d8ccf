import type { MiningServerLimits } from './config.ts';
import { TokenBucket } from './token-bucket.ts';

/** Bytes of a coinbase that costs no more to hash than is expected of a share. */
const ORDINARY_COINBASE = 4_096;

/** How fast one connection may send what costs the server something. Ticks are milliseconds. */
export class Gates {
  readonly #limits: MiningServerLimits;
  readonly #perChannel: number;
  readonly #shares: TokenBucket;
  readonly #opens: TokenBucket;
  /** What a share of this connection costs, in shares of an ordinary coinbase. */
  #shareCost = 1;

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
    return this.#shares.take(rate, rate * floodBurstSeconds, ticks, this.#shareCost);
  }

  /** The client has brought a job of its own: all of its coinbase is hashed for every share. @param coinbaseBytes of it */
  weigh(coinbaseBytes: number): void {
    this.#shareCost = Math.max(this.#shareCost, Math.ceil(coinbaseBytes / ORDINARY_COINBASE));
  }

  /** A channel is asked for: each costs a prefix until two tips have passed. */
  open(ticks: number): boolean {
    const { opensPerSecond, channelsPerConnection } = this.#limits;
    return this.#opens.take(opensPerSecond, channelsPerConnection, ticks);
  }
}
