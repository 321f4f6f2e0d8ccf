import { type BlockHeader, sameBytes } from '@sv2kit/bitcoin';
import type { Clock } from '../host.ts';
import type { TipRef } from './client/types.ts';

interface Known {
  readonly height: number;
  readonly prevHash: Uint8Array;
  readonly nbits: number;
  /** Unix seconds. */
  readonly minTime: number;
  readonly time: number;
  readonly seenAtMs: number;
}

/** What the node's templates say of the next block, whoever asked for them. */
export class NextBlock {
  readonly #clock: Clock;
  #known: Known | undefined;
  #tip: TipRef | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A block that the node said is its best one: the last that was heard of. */
  get tip(): TipRef | undefined {
    return this.#tip;
  }

  tipIs(tip: TipRef): void {
    this.#tip = tip;
  }

  /**
   * A template of the node has this header. Over IPC nobody says which time is the lowest; the header's own will do, and
   * of several on one tip the first.
   *
   * @returns lowest time known to be good, unix seconds
   */
  note({ prevHash, nbits, ntime }: BlockHeader, height: number): number {
    const before = this.#known;
    const isSame = before !== undefined && before.nbits === nbits && sameBytes(before.prevHash, prevHash);
    const minTime = isSame ? Math.min(before.minTime, ntime) : ntime;
    this.#known = { height, prevHash, nbits, minTime, time: ntime, seenAtMs: this.#clock.now() };
    return minTime;
  }

  /** Difficulty and time of the block of this height, when it is the next one. Seconds, by the node's clock. */
  at(height: number): { readonly nbits: number; readonly prevHash: Uint8Array; readonly time: number } | undefined {
    const known = this.#known;
    if (known?.height !== height) return undefined;
    const elapsed = Math.max(0, Math.floor((this.#clock.now() - known.seenAtMs) / 1_000));
    return { nbits: known.nbits, prevHash: known.prevHash, time: known.time + elapsed };
  }
}
