import { MAX_FULL_EXTRANONCE_SIZE } from './limits.ts';

/** A server's own extranonce prefixes: `[boot epoch | front end | index]`, each big-endian. */
export interface OwnSpace {
  /** Differs at every start of the server, so that no prefix is handed out twice. */
  readonly bootEpoch: number;
  /** Differs between processes that serve at the same time. */
  readonly frontEnd: number;
  /** Bytes of each part. */
  readonly epochBytes: number;
  readonly frontEndBytes: number;
  readonly indexBytes: number;
}

/** What an upstream's extended channel leaves to a server (§5.1.2.1): prefixes are `[upstream's prefix | index]`. */
export interface UpstreamSpace {
  readonly within: {
    /** The upstream channel's extranonce prefix. */
    readonly prefix: Uint8Array;
    /** Bytes that the upstream leaves to roll. */
    readonly extranonceSize: number;
  };
  readonly indexBytes: number;
}

/** Where a server's extranonce prefixes lie. */
export type ExtranonceSpace = OwnSpace | UpstreamSpace;

/** 3 + 1 + 3 bytes: 16,777,216 starts, 256 front ends, 16,777,216 channels each. */
export const EXTRANONCE_LAYOUT = { epochBytes: 3, frontEndBytes: 1, indexBytes: 3 } as const;

/** A place in the extranonce space that belongs to one channel, whichever space that is. */
export interface ExtranonceLease {
  readonly index: number;
  /** In the space of the moment when it was leased; without what fills it up to a channel's prefix. */
  readonly prefix: Uint8Array;
}

/**
 * Leases extranonce prefixes (§5.1.2.1). A prefix that was mined with rests, when it is given back, until every job that was mined with it is
 * stale: a job of the current tip until the next tip, a future job until the tip after it. Leases last when the space
 * changes: a channel keeps its index.
 */
export class ExtranonceAllocator {
  #base: Uint8Array;
  #indexBytes: number;
  #fullSize: number | undefined;
  #fresh = 0;
  #leased = 0;
  #free: number[] = [];
  #resting: [afterNextTip: number[], afterThisTip: number[]] = [[], []];

  /** @throws RangeError when the space has no room: epoch, front end or index do not fit their bytes */
  constructor(space: ExtranonceSpace) {
    this.#base = baseOf(space);
    this.#indexBytes = space.indexBytes;
    this.#fullSize = fullSizeOf(space);
  }

  /** Bytes of a prefix that tell channels apart. */
  get prefixSize(): number {
    return this.#base.length + this.#indexBytes;
  }

  /** The one size of full extranonces, in bytes; undefined where every channel may have its own. */
  get fullSize(): number | undefined {
    return this.#fullSize;
  }

  /** Most bytes that a full extranonce has. */
  get largestSize(): number {
    return this.#fullSize ?? MAX_FULL_EXTRANONCE_SIZE;
  }

  /** Prefixes leased at the moment. */
  get leased(): number {
    return this.#leased;
  }

  /** A prefix that nobody mines with, or undefined when all are taken or resting. */
  lease(): ExtranonceLease | undefined {
    const index = this.#takeFree() ?? (this.#fresh < this.#capacity ? this.#fresh++ : undefined);
    if (index === undefined) return undefined;
    this.#leased += 1;
    return { index, prefix: this.#prefix(index) };
  }

  /**
   * Gives a prefix back.
   * @param mined whether a share may count that was found with it: else none can count twice, and it need not rest
   */
  release({ index }: ExtranonceLease, { mined = true }: { readonly mined?: boolean } = {}): void {
    this.#leased -= 1;
    (mined ? this.#resting[0] : this.#free).push(index);
  }

  /** A new tip made the jobs of the last one stale. */
  tipChanged(): void {
    const [justGiven, rested] = this.#resting;
    this.#free = this.#free.concat(rested);
    this.#resting = [[], justGiven];
  }

  /** Prefixes lie elsewhere from now on. @throws RangeError as the constructor */
  move(space: ExtranonceSpace): void {
    this.#base = baseOf(space);
    this.#indexBytes = space.indexBytes;
    this.#fullSize = fullSizeOf(space);
  }

  /**
   * A lease's prefix as a channel has it: filled up with zeros where the full extranonce is longer than prefix and rolled
   * part.
   * @param rolledSize bytes that the channel rolls; 0 on a standard channel
   * @returns undefined when they do not fit
   */
  prefixOf({ index }: ExtranonceLease, fullSize: number, rolledSize: number): Uint8Array | undefined {
    if (index >= this.#capacity || fullSize > this.largestSize) return undefined;
    if (this.prefixSize + rolledSize > fullSize) return undefined;
    return padPrefix(this.#prefix(index), fullSize - rolledSize);
  }

  get #capacity(): number {
    return 256 ** this.#indexBytes;
  }

  /** An index from before the space became smaller may not fit it: it stays until there is room again. */
  #takeFree(): number | undefined {
    const at = this.#free.findLastIndex((index) => index < this.#capacity);
    return at === -1 ? undefined : this.#free.splice(at, 1)[0];
  }

  #prefix(index: number): Uint8Array {
    const prefix = new Uint8Array(this.prefixSize);
    prefix.set(this.#base);
    writeBigEndian(prefix, this.#base.length, this.#indexBytes, index);
    return prefix;
  }
}

/** A prefix as the full extranonce of a standard channel: zeros fill it up (§5.1.2.1). */
export function padPrefix(prefix: Uint8Array, extranonceSize: number): Uint8Array {
  const padded = new Uint8Array(extranonceSize);
  padded.set(prefix);
  return padded;
}

/** What all prefixes of a space start with. */
function baseOf(space: ExtranonceSpace): Uint8Array {
  if ('within' in space) {
    const { prefix, extranonceSize } = space.within;
    if (space.indexBytes > extranonceSize) throw new RangeError(`an index does not fit ${extranonceSize} bytes`);
    const fullSize = prefix.length + extranonceSize;
    if (fullSize > MAX_FULL_EXTRANONCE_SIZE) throw new RangeError(`an extranonce of ${fullSize} bytes is too long`);
    return prefix.slice();
  }
  const { bootEpoch, frontEnd, epochBytes, frontEndBytes } = space;
  check('boot epoch', bootEpoch, epochBytes);
  check('front end', frontEnd, frontEndBytes);
  const base = new Uint8Array(epochBytes + frontEndBytes);
  writeBigEndian(base, 0, epochBytes, bootEpoch);
  writeBigEndian(base, epochBytes, frontEndBytes, frontEnd);
  return base;
}

function fullSizeOf(space: ExtranonceSpace): number | undefined {
  return 'within' in space ? space.within.prefix.length + space.within.extranonceSize : undefined;
}

function check(name: string, value: number, bytes: number): void {
  if (Number.isInteger(value) && value >= 0 && value < 256 ** bytes) return;
  throw new RangeError(`${name} ${value} does not fit ${bytes} bytes`);
}

function writeBigEndian(bytes: Uint8Array, at: number, size: number, value: number): void {
  let rest = value;
  for (let i = size - 1; i >= 0; i -= 1) {
    bytes[at + i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}
