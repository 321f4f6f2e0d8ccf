import type { CoinbaseConstraints } from '@sv2kit/templates';
import { JD_CLIENT_LIMITS } from './limits.ts';

/** What templates leave room for: what is asked for, and what those that come already have (§7.1). */
export class Room {
  #asked: CoinbaseConstraints;
  #askedMs = -Infinity;
  #given: CoinbaseConstraints | undefined;

  constructor(asked: CoinbaseConstraints) {
    this.#asked = asked;
  }

  get asked(): CoinbaseConstraints {
    return this.#asked;
  }

  /** What the templates at hand were made with; undefined before the first one. */
  get given(): CoinbaseConstraints | undefined {
    return this.#given;
  }

  /** @returns whether more must be asked for now */
  need({ size, sigops }: { readonly size: number; readonly sigops: number }, nowMs: number): boolean {
    const { coinbaseOutputMaxAdditionalSize, coinbaseOutputMaxAdditionalSigops } = this.#asked;
    if (size <= coinbaseOutputMaxAdditionalSize && sigops <= coinbaseOutputMaxAdditionalSigops) return false;
    this.#askedMs = nowMs;
    this.#asked = {
      coinbaseOutputMaxAdditionalSize: Math.max(size, coinbaseOutputMaxAdditionalSize),
      coinbaseOutputMaxAdditionalSigops: Math.max(sigops, coinbaseOutputMaxAdditionalSigops),
    };
    return true;
  }

  /** Before any template there is nothing that could be too small. */
  holds({ size, sigops }: { readonly size: number; readonly sigops: number }): boolean {
    const { coinbaseOutputMaxAdditionalSize, coinbaseOutputMaxAdditionalSigops } = this.#given ?? this.#asked;
    return size <= coinbaseOutputMaxAdditionalSize && sigops <= coinbaseOutputMaxAdditionalSigops;
  }

  /**
   * A template has come. One that begins anew has the room that was asked for last; an update has it once those that were
   * under way must have come.
   * @returns whether there is more than before
   */
  came(kind: 'activated' | 'update', nowMs: number): boolean {
    if (kind === 'update' && nowMs - this.#askedMs < JD_CLIENT_LIMITS.underWayMs) return false;
    const grown = this.#given !== undefined && this.#given !== this.#asked;
    this.#given = this.#asked;
    return grown;
  }
}
