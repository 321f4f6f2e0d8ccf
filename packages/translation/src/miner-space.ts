import { MINER_INDEX_BYTES } from './limits.ts';

/**
 * Where one V1 miner searches on a V2 channel. The channel's extranonce prefix goes to the end of coinb1, so that another
 * prefix, or another channel, comes with the next job and needs no mining.set_extranonce:
 *
 * | coinb1                                  | extranonce1     | extranonce2      | coinb2 |
 * |-----------------------------------------|-----------------|------------------|--------|
 * | coinbase_tx_prefix, prefix, zeros       | the miner's number | rolled by the miner | coinbase_tx_suffix |
 *
 * What the channel lets its client roll (§5.2.2) are the zeros and both extranonces.
 */
export class MinerSpace {
  /** Everything between coinbase_tx_prefix and extranonce2. */
  readonly front: Uint8Array;
  readonly #prefixSize: number;
  readonly extranonce2Size: number;

  /** @param extranoncePrefix the channel's @param room bytes in front of extranonce2 that the channel may roll */
  constructor(extranoncePrefix: Uint8Array, room: number, extranonce2Size: number, index: number) {
    this.#prefixSize = extranoncePrefix.length;
    this.extranonce2Size = extranonce2Size;
    this.front = new Uint8Array(extranoncePrefix.length + room);
    this.front.set(extranoncePrefix);
    new DataView(this.front.buffer).setUint16(this.front.length - MINER_INDEX_BYTES, index);
  }

  /** What is in front of extranonce1: the end of coinb1. */
  get head(): Uint8Array {
    return this.front.subarray(0, this.front.length - MINER_INDEX_BYTES);
  }

  /** Prefix and rolled part together, in bytes. */
  get fullExtranonceSize(): number {
    return this.front.length + this.extranonce2Size;
  }

  /** The extranonce of SubmitSharesExtended (§5.3.12) for a miner's extranonce2. */
  extranonce(extranonce2: Uint8Array): Uint8Array {
    const room = this.front.length - this.#prefixSize;
    const extranonce = new Uint8Array(room + extranonce2.length);
    for (let at = 0; at < room; at += 1) extranonce[at] = this.front[this.#prefixSize + at] as number;
    extranonce.set(extranonce2, room);
    return extranonce;
  }
}

/** A miner's space, or what the channel lacks for one. */
export type SpaceVerdict =
  | { readonly kind: 'space'; readonly space: MinerSpace }
  /** Sizes are in bytes. */
  | { readonly kind: 'extranonce-too-small'; readonly granted: number; readonly needed: number };

/** What `min_extranonce_size` to open a channel with (§5.3.4), in bytes. */
export function neededExtranonce(extranonce2Size: number): number {
  return MINER_INDEX_BYTES + extranonce2Size;
}

/**
 * A miner's part of a channel's extranonce.
 *
 * @param granted bytes that the channel may roll (`extranonce_size`)
 * @param index the miner's number, below 65,536
 */
export function minerSpace(
  extranoncePrefix: Uint8Array,
  granted: number,
  extranonce2Size: number,
  index: number,
): SpaceVerdict {
  const needed = neededExtranonce(extranonce2Size);
  if (granted < needed) return { kind: 'extranonce-too-small', granted, needed };
  return { kind: 'space', space: new MinerSpace(extranoncePrefix, granted - extranonce2Size, extranonce2Size, index) };
}

/** The extranonce1 of a miner's subscription: its number, big-endian. */
export function extranonce1Of(index: number): Uint8Array {
  return Uint8Array.of(index >>> 8, index);
}
