/** A share on its way to the pool, until that answers. */
export interface SentShare {
  /** Difficulty that it was sent for. */
  readonly work: number;
  /** Unix milliseconds. */
  readonly sentMs: number;
}

/** Shares that the pool has not answered yet, by sequence number, oldest first (§5.3.13, §5.3.14). */
export class SentShares {
  readonly #limit: number;
  readonly #shares = new Map<number, SentShare>();
  /** The sequence number that was sent last. */
  #last: number | undefined;

  /** @param limit shares to remember */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#shares.size;
  }

  /** When the oldest of them was sent, in unix milliseconds. */
  get oldestMs(): number | undefined {
    const [oldest] = this.#shares.values();
    return oldest?.sentMs;
  }

  /** @returns the oldest share when there are more than can be remembered */
  sent(sequenceNumber: number, share: SentShare): SentShare | undefined {
    this.#shares.set(sequenceNumber, share);
    this.#last = sequenceNumber;
    const [oldest] = this.#shares;
    if (this.#shares.size <= this.#limit || oldest === undefined) return undefined;
    this.#shares.delete(oldest[0]);
    return oldest[1];
  }

  /**
   * SubmitShares.Success answers everything up to its sequence number, be that one answered already or not; one that was
   * never sent answers nothing. @returns what it answers
   */
  accepted(lastSequenceNumber: number): SentShare[] {
    if (this.#last === undefined || isAfter(lastSequenceNumber, this.#last)) return [];
    const answered: SentShare[] = [];
    for (const [sequenceNumber, share] of this.#shares) {
      if (isAfter(sequenceNumber, lastSequenceNumber)) break;
      this.#shares.delete(sequenceNumber);
      answered.push(share);
    }
    return answered;
  }

  /** SubmitShares.Error. @returns the share; undefined when it is not known (any more) */
  rejected(sequenceNumber: number): SentShare | undefined {
    const share = this.#shares.get(sequenceNumber);
    this.#shares.delete(sequenceNumber);
    return share;
  }

  /** Nobody will answer any more. @returns what had no answer, oldest first */
  abandon(): SentShare[] {
    const shares = [...this.#shares.values()];
    this.#shares.clear();
    return shares;
  }
}

/** Whether one sequence number comes after another; they wrap. */
function isAfter(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}
