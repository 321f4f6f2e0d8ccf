import type { SubmitSharesSuccess } from '@sv2kit/codec';

/** When a batch of accepted shares is acknowledged. */
export interface BatchPolicy {
  /** As soon as so many are recorded. */
  readonly count: number;
  /** Or as soon as one of them has waited this long, in milliseconds. */
  readonly delayMs: number;
}

interface Pending {
  readonly sequenceNumber: number;
  readonly work: number;
  /** Of the share's record in the journal. */
  readonly position: number;
  readonly acceptedAtMs: number;
}

/**
 * The accepted shares of one channel that the client has not been told of (§5.3.13). A share is acknowledged only when
 * the journal's watermark covers its record. `new_shares_sum` is whole; what it cuts off goes into the next batch.
 */
export class Acknowledgements {
  readonly #channelId: number;
  readonly #policy: BatchPolicy;
  #pending: Pending[] = [];
  #fraction = 0;
  #hurry = false;

  constructor(channelId: number, policy: BatchPolicy) {
    this.#channelId = channelId;
    this.#policy = policy;
  }

  get pending(): number {
    return this.#pending.length;
  }

  /** @param work the difficulty credited */
  add(sequenceNumber: number, work: number, position: number, nowMs: number): void {
    this.#pending.push({ sequenceNumber, work, position, acceptedAtMs: nowMs });
  }

  /** The next batch does not wait for count or delay: a block was found. */
  hurry(): void {
    this.#hurry = true;
  }

  /**
   * The batch that is due.
   * @param watermark the journal's: records up to it are on disk
   * @param waited called with how long each acknowledged share waited, in milliseconds
   */
  take(watermark: number, nowMs: number, waited?: (ms: number) => void): SubmitSharesSuccess | undefined {
    const covered = this.#covered(watermark);
    const [first] = this.#pending;
    if (covered === 0 || first === undefined) return undefined;
    const due = this.#hurry || covered >= this.#policy.count || nowMs - first.acceptedAtMs >= this.#policy.delayMs;
    if (!due) return undefined;
    return this.#acknowledge(covered, nowMs, waited);
  }

  /** The journal failed: these shares will never be acknowledged. @returns their sequence numbers */
  fail(): number[] {
    const lost = this.#pending.map(({ sequenceNumber }) => sequenceNumber);
    this.#pending = [];
    this.#hurry = false;
    return lost;
  }

  /** Records enter the journal in order, so the covered ones come first. */
  #covered(watermark: number): number {
    const open = this.#pending.findIndex(({ position }) => position > watermark);
    return open === -1 ? this.#pending.length : open;
  }

  #acknowledge(count: number, nowMs: number, waited?: (ms: number) => void): SubmitSharesSuccess {
    const batch = this.#pending.slice(0, count);
    this.#pending = this.#pending.slice(count);
    if (this.#pending.length === 0) this.#hurry = false;
    let sum = this.#fraction;
    for (const share of batch) {
      sum += share.work;
      waited?.(nowMs - share.acceptedAtMs);
    }
    const whole = Math.floor(sum);
    this.#fraction = sum - whole;
    return {
      type: 'SubmitSharesSuccess',
      channelId: this.#channelId,
      lastSequenceNumber: batch.at(-1)?.sequenceNumber ?? 0,
      newSubmitsAcceptedCount: count,
      newSharesSum: BigInt(whole),
    };
  }
}
