import type { SubmitSharesExtended, SubmitSharesStandard } from '@sv2kit/codec';

/** What the channels of one connection mine now. */
export interface CurrentJob {
  readonly jobId: number;
  readonly version: number;
  /** Unix seconds. */
  readonly minNtime: number;
}

const FIRST_SLOTS = 16;
const ANSWERED = Number.NaN;

/**
 * One channel of the load: makes shares without hashing (its target lets any hash pass) and times their answers.
 * Times are those of `performance.now()`.
 */
export class LoadChannel {
  readonly channelId: number;
  readonly #extranonce: Uint8Array | undefined;
  /** When each share went out, by sequence number in a ring; NaN once it was refused. */
  #sentAt = new Float64Array(FIRST_SLOTS);
  #lastSent = 0;
  #lastAnswered = 0;

  /** @param extranonceSize of an extended channel */
  constructor(channelId: number, extranonceSize: number | undefined) {
    this.channelId = channelId;
    this.#extranonce = extranonceSize === undefined ? undefined : new Uint8Array(extranonceSize);
  }

  /** Shares without an answer, refused ones that came later than such a share included. */
  get pending(): number {
    return this.#lastSent - this.#lastAnswered;
  }

  /** The next share, never the same header twice. */
  share(job: CurrentJob, now: number): SubmitSharesStandard | SubmitSharesExtended {
    if (this.pending === this.#sentAt.length) this.#grow();
    this.#lastSent += 1;
    this.#sentAt[this.#lastSent % this.#sentAt.length] = now;
    const { channelId } = this;
    const { jobId, version, minNtime: ntime } = job;
    const common = { channelId, sequenceNumber: this.#lastSent, jobId, nonce: this.#lastSent, ntime, version };
    const extranonce = this.#extranonce;
    return extranonce === undefined
      ? { type: 'SubmitSharesStandard', ...common }
      : { type: 'SubmitSharesExtended', ...common, extranonce, userIdentity: undefined };
  }

  /** SubmitShares.Success: calls `waited` with the time that each of the shares took. */
  acknowledge(lastSequenceNumber: number, now: number, waited: (ms: number) => void): void {
    while (this.#lastAnswered < lastSequenceNumber) {
      this.#lastAnswered += 1;
      const sentAt = this.#sentAt[this.#lastAnswered % this.#sentAt.length] as number;
      if (!Number.isNaN(sentAt)) waited(now - sentAt);
    }
    this.#skipRefused();
  }

  /** SubmitShares.Error. */
  refuse(sequenceNumber: number): void {
    this.#sentAt[sequenceNumber % this.#sentAt.length] = ANSWERED;
    this.#skipRefused();
  }

  #skipRefused(): void {
    while (this.pending > 0 && Number.isNaN(this.#sentAt[(this.#lastAnswered + 1) % this.#sentAt.length] as number)) {
      this.#lastAnswered += 1;
    }
  }

  #grow(): void {
    const old = this.#sentAt;
    const ring = new Float64Array(2 * old.length);
    for (let each = this.#lastAnswered + 1; each <= this.#lastSent; each += 1) {
      ring[each % ring.length] = old[each % old.length] as number;
    }
    this.#sentAt = ring;
  }
}
