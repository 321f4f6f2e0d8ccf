import { sameBytes } from '@sv2kit/bitcoin';

/** A tip that custom jobs may build on, seen from the block that is mined on it. */
export interface KnownTip {
  /** Internal byte order. */
  readonly prevHash: Uint8Array;
  readonly nbits: number;
  /** Lowest ntime the network takes (median time past plus one, unix seconds); undefined where only a template names the tip. */
  readonly minNtime: number | undefined;
  /** The target that makes a hash a block; 32 bytes, little-endian. */
  readonly target: Uint8Array;
  /** Of the block that is mined on it. */
  readonly height: number;
}

/** Whether a job's tip is to be mined on. */
export type TipVerdict =
  | { readonly kind: 'live'; readonly tip: KnownTip }
  | { readonly kind: 'stale' }
  | { readonly kind: 'unseen' };

/** Tips remembered: the live ones, and those before, so that a job on them is known to be stale. */
const REMEMBERED_TIPS = 16;

/**
 * The tips that nodes and template sources have named. The highest are live: two of one height may be, since sources
 * differ while the network is split over them. So is the one named last, whatever its height: the chain may have been
 * reorganised to a lower one.
 */
export class KnownTips {
  /** Named last comes last. */
  readonly #tips: KnownTip[] = [];
  #height = -1;

  /** Named again, a tip keeps what is known of it: its median time may come later, from another source. */
  add(tip: KnownTip): void {
    const at = this.#tips.findIndex(({ prevHash }) => sameBytes(prevHash, tip.prevHash));
    const before = at === -1 ? undefined : this.#tips.splice(at, 1)[0];
    this.#tips.push({ ...tip, prevHash: tip.prevHash.slice(), minNtime: tip.minNtime ?? before?.minNtime });
    if (this.#tips.length > REMEMBERED_TIPS) this.#tips.shift();
    this.#height = Math.max(...this.#tips.map(({ height }) => height));
  }

  /** @param height of the block to be mined, as its coinbase says (BIP34), where it does */
  judge(prevHash: Uint8Array, height: number | undefined): TipVerdict {
    const last = this.#tips.at(-1);
    const tip = this.#tips.find((known) => sameBytes(known.prevHash, prevHash));
    if (tip !== undefined)
      return tip === last || tip.height === this.#height ? { kind: 'live', tip } : { kind: 'stale' };
    return height !== undefined && height < (last?.height ?? 0) ? { kind: 'stale' } : { kind: 'unseen' };
  }
}
