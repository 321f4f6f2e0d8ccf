import { encodeHeader, merkleRoot, sha256d } from '@sv2kit/bitcoin';
import type { Work } from '@sv2kit/mining';

const NONCES = 2 ** 32;
/** Of 32 bits. */
const LAST_NTIME = 0xffff_ffff;
/** Bytes of the extranonce that are counted through; more are never needed. */
const COUNTED_BYTES = 4;

/** A header and the nonces of it that nobody else searches. */
export interface Stretch {
  readonly kind: 'stretch';
  readonly work: Work;
  /** 80 bytes, nonce 0. */
  readonly header: Uint8Array;
  readonly version: number;
  /** Unix seconds. */
  readonly ntime: number;
  /** The rolled part, on an extended channel. */
  readonly extranonce?: Uint8Array;
  readonly nonceStart: number;
  readonly nonceCount: number;
}

/** The whole search space is used up until the clock allows another ntime. */
export interface Exhausted {
  readonly kind: 'exhausted';
  /** Unix milliseconds. */
  readonly untilMs: number;
}

export interface SearchOptions {
  /** Version bits to roll where the job allows it. */
  readonly versionMask: number;
  /** A power of two up to 2^32. */
  readonly noncesPerStretch: number;
  /** Where the count of extranonces begins: jobs that are alike but for their ids then have nothing in common. */
  readonly firstExtranonce?: number;
}

/**
 * Cuts the search space of one job into stretches that never overlap: version bits and extranonce change from stretch to
 * stretch, then the nonces, then ntime. Every stretch carries the latest ntime that §5.3.11 allows at its moment: the
 * job's minimum plus the seconds since it was received.
 */
export class Search {
  readonly #work: Work;
  readonly #mask: number;
  readonly #noncesPerStretch: number;
  readonly #versions: number;
  readonly #extranonces: number;
  /** Stretches of one pass through version bits, extranonces and nonces. */
  readonly #stretches: number;
  readonly #firstExtranonce: number;
  #next = 0;
  /** Extranonces begun, in all passes. */
  #begun = 0;
  /** No stretch of this pass has an earlier one: the pass before used those. */
  #firstNtime: number;
  #lastNtime: number;

  constructor(work: Work, options: SearchOptions) {
    this.#work = work;
    this.#mask = work.versionRollingAllowed ? options.versionMask : 0;
    this.#noncesPerStretch = options.noncesPerStretch;
    this.#versions = 2 ** countBits(this.#mask);
    this.#extranonces = work.space.kind === 'extended' ? 256 ** Math.min(work.space.extranonceSize, COUNTED_BYTES) : 1;
    this.#firstExtranonce = options.firstExtranonce ?? 0;
    this.#stretches = this.#headers * (NONCES / options.noncesPerStretch);
    this.#firstNtime = work.minNtime;
    this.#lastNtime = work.minNtime;
  }

  /** Distinct pairs of version and extranonce: both are powers of two and count together, so the longer one decides. */
  get #headers(): number {
    return Math.max(this.#versions, this.#extranonces);
  }

  /** The next stretch nobody has searched. @param nowMs unix time in milliseconds */
  next(nowMs: number): Stretch | Exhausted {
    const ntime = Math.max(this.#latestNtime(nowMs), this.#lastNtime);
    if (this.#next === this.#stretches) {
      this.#next = 0;
      this.#firstNtime = this.#lastNtime + 1;
    }
    if (ntime < this.#firstNtime) return { kind: 'exhausted', untilMs: this.#reachedAtMs(this.#firstNtime) };
    this.#lastNtime = ntime;
    this.#begun = Math.min(this.#begun + 1, this.#extranonces);
    return this.#stretch(this.#next++, ntime);
  }

  /** The first of the extranonces that have not been used, for the job to come. */
  get nextExtranonce(): number {
    return (this.#firstExtranonce + this.#begun) % 256 ** COUNTED_BYTES;
  }

  #stretch(index: number, ntime: number): Stretch {
    const { work } = this;
    const header = index % this.#headers;
    const version = (work.version ^ spreadBits(header % this.#versions, this.#mask)) >>> 0;
    const extranonce = this.#extranonce((this.#firstExtranonce + header) % this.#extranonces);
    return {
      kind: 'stretch',
      work,
      header: encodeHeader({ ...work, version, ntime, nonce: 0, merkleRoot: rootOf(work, extranonce) }),
      version,
      ntime,
      ...(extranonce === undefined ? {} : { extranonce }),
      nonceStart: Math.floor(index / this.#headers) * this.#noncesPerStretch,
      nonceCount: this.#noncesPerStretch,
    };
  }

  get work(): Work {
    return this.#work;
  }

  #extranonce(count: number): Uint8Array | undefined {
    const { space } = this.#work;
    if (space.kind === 'standard') return undefined;
    const bytes = new Uint8Array(space.extranonceSize);
    for (let i = bytes.length - 1, rest = count; i >= 0 && rest > 0; i--, rest = Math.floor(rest / 256)) {
      bytes[i] = rest % 256;
    }
    return bytes;
  }

  #latestNtime(nowMs: number): number {
    const elapsed = Math.floor((nowMs - this.#work.receivedAtMs) / 1000);
    return Math.min(LAST_NTIME, this.#work.minNtime + Math.max(0, elapsed));
  }

  #reachedAtMs(ntime: number): number {
    return this.#work.receivedAtMs + (ntime - this.#work.minNtime) * 1000;
  }
}

/** Merkle root of a job with this extranonce (§5.3.16). */
function rootOf({ space }: Work, extranonce: Uint8Array | undefined): Uint8Array {
  if (space.kind === 'standard') return space.merkleRoot;
  const { coinbasePrefix, extranoncePrefix, coinbaseSuffix, merklePath } = space;
  const rolled = extranonce ?? new Uint8Array(0);
  const coinbase = new Uint8Array(
    coinbasePrefix.length + extranoncePrefix.length + rolled.length + coinbaseSuffix.length,
  );
  coinbase.set(coinbasePrefix);
  coinbase.set(extranoncePrefix, coinbasePrefix.length);
  coinbase.set(rolled, coinbasePrefix.length + extranoncePrefix.length);
  coinbase.set(coinbaseSuffix, coinbase.length - coinbaseSuffix.length);
  return merkleRoot(sha256d(coinbase), merklePath);
}

function countBits(mask: number): number {
  let bits = 0;
  for (let rest = mask >>> 0; rest !== 0; rest &= rest - 1) bits++;
  return bits;
}

/** The low bits of `value`, one to each set bit of `mask`. */
function spreadBits(value: number, mask: number): number {
  let spread = 0;
  for (let bit = 0, rest = value; rest > 0; bit++) {
    if (((mask >>> bit) & 1) === 0) continue;
    if (rest % 2 === 1) spread |= 1 << bit;
    rest = Math.floor(rest / 2);
  }
  return spread;
}
