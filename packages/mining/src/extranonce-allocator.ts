/** Where a server's extranonce prefixes lie: `[boot epoch | front end | index]`, each big-endian. */
export interface ExtranonceSpace {
  /** Differs at every start of the server, so that no prefix is handed out twice. */
  readonly bootEpoch: number;
  /** Differs between processes that serve at the same time. */
  readonly frontEnd: number;
  /** Bytes of each part. */
  readonly epochBytes: number;
  readonly frontEndBytes: number;
  readonly indexBytes: number;
}

/** 3 + 1 + 3 bytes: 16,777,216 starts, 256 front ends, 16,777,216 channels each. */
export const EXTRANONCE_LAYOUT = { epochBytes: 3, frontEndBytes: 1, indexBytes: 3 } as const;

/** A prefix that belongs to one channel. */
export interface ExtranonceLease {
  readonly index: number;
  readonly prefix: Uint8Array;
}

/**
 * Leases extranonce prefixes (§5.1.2.1). A prefix that is given back rests until every job that was mined with it is
 * stale: a job of the current tip until the next tip, a future job until the tip after it.
 */
export class ExtranonceAllocator {
  readonly prefixSize: number;
  readonly #space: ExtranonceSpace;
  readonly #capacity: number;
  #fresh = 0;
  #leased = 0;
  #free: number[] = [];
  #resting: [afterNextTip: number[], afterThisTip: number[]] = [[], []];

  /** @throws RangeError when epoch or front end do not fit their bytes */
  constructor(space: ExtranonceSpace) {
    const { bootEpoch, frontEnd, epochBytes, frontEndBytes, indexBytes } = space;
    check('boot epoch', bootEpoch, epochBytes);
    check('front end', frontEnd, frontEndBytes);
    this.#space = space;
    this.#capacity = 256 ** indexBytes;
    this.prefixSize = epochBytes + frontEndBytes + indexBytes;
  }

  /** Prefixes leased at the moment. */
  get leased(): number {
    return this.#leased;
  }

  /** A prefix that nobody mines with, or undefined when all are taken or resting. */
  lease(): ExtranonceLease | undefined {
    const index = this.#free.pop() ?? (this.#fresh < this.#capacity ? this.#fresh++ : undefined);
    if (index === undefined) return undefined;
    this.#leased += 1;
    return { index, prefix: this.#prefix(index) };
  }

  /** Gives a prefix back. */
  release(lease: ExtranonceLease): void {
    this.#leased -= 1;
    this.#resting[0].push(lease.index);
  }

  /** A new tip made the jobs of the last one stale. */
  tipChanged(): void {
    const [justGiven, rested] = this.#resting;
    this.#free = this.#free.concat(rested);
    this.#resting = [[], justGiven];
  }

  #prefix(index: number): Uint8Array {
    const { bootEpoch, frontEnd, epochBytes, frontEndBytes, indexBytes } = this.#space;
    const prefix = new Uint8Array(this.prefixSize);
    writeBigEndian(prefix, 0, epochBytes, bootEpoch);
    writeBigEndian(prefix, epochBytes, frontEndBytes, frontEnd);
    writeBigEndian(prefix, epochBytes + frontEndBytes, indexBytes, index);
    return prefix;
  }
}

/** A prefix as the full extranonce of a standard channel: zeros fill it up (§5.1.2.1). */
export function padPrefix(prefix: Uint8Array, extranonceSize: number): Uint8Array {
  const padded = new Uint8Array(extranonceSize);
  padded.set(prefix);
  return padded;
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
