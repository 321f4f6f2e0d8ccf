/** Shares that may wait for an answer; older ones count as unanswered. */
export const MAX_PENDING_SHARES = 10_000;

/** What became of the device's shares. */
export interface ShareTotals {
  readonly submitted: number;
  /** As the server counts them. */
  readonly accepted: number;
  /** Sum of the accepted shares' difficulties, as the server had set them: what it says of V2's is a whole number. */
  readonly acceptedDifficulty: number;
  /** By error code of the server; Stratum V1's numbers in words. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Lost with their connection, or dropped because the server never answers. */
  readonly unanswered: number;
}

/** Different error codes that are counted by name; a server may invent more. */
const MAX_CODES = 64;

/** What follows the shares as they are answered. */
export interface ShareListener {
  /** @param difficulty of all of them together */
  onAccepted(count: number, difficulty: number): void;
  /** @param text what the server says of it beside the code */
  onRejected(code: string, text: string | undefined): void;
  onAnswered(roundTripMs: number): void;
}

interface PendingShare {
  readonly sentAtMs: number;
  readonly difficulty: number;
}

/** Follows every share from submission to its answer. */
export class ShareLog {
  readonly #listener: ShareListener;
  /** The shares without an answer, by number, oldest first. */
  readonly #pending = new Map<number, PendingShare>();
  readonly #rejected = new Map<string, number>();
  /** The number that was sent last. */
  #last: number | undefined;
  #submitted = 0;
  #accepted = 0;
  #acceptedDifficulty = 0;
  #unanswered = 0;

  constructor(listener: ShareListener) {
    this.#listener = listener;
  }

  /** @param difficulty what the share counts for when it is accepted */
  submitted(sequenceNumber: number, nowMs: number, difficulty: number): void {
    this.#submitted++;
    this.#last = sequenceNumber;
    this.#pending.set(sequenceNumber, { sentAtMs: nowMs, difficulty });
    const [oldest] = this.#pending.keys();
    if (this.#pending.size <= MAX_PENDING_SHARES || oldest === undefined) return;
    this.#pending.delete(oldest);
    this.#unanswered++;
  }

  /** SubmitShares.Success answers everything that was sent up to its sequence number (§5.3.13). */
  accepted(lastSequenceNumber: number, count: number, nowMs: number): void {
    let difficulty = 0;
    for (const [sequenceNumber, share] of this.#upTo(lastSequenceNumber)) {
      this.#pending.delete(sequenceNumber);
      difficulty += share.difficulty;
      this.#listener.onAnswered(nowMs - share.sentAtMs);
    }
    this.#accepted += count;
    this.#acceptedDifficulty += difficulty;
    this.#listener.onAccepted(count, difficulty);
  }

  /** One share is accepted and says nothing of others, as in Stratum V1. */
  acceptedAlone(number: number, nowMs: number): void {
    this.#accepted++;
    const share = this.#pending.get(number);
    this.#listener.onAccepted(1, share?.difficulty ?? 0);
    if (share === undefined) return;
    this.#pending.delete(number);
    this.#acceptedDifficulty += share.difficulty;
    this.#listener.onAnswered(nowMs - share.sentAtMs);
  }

  rejected(sequenceNumber: number, code: string, nowMs: number, text?: string): void {
    const name = this.#rejected.has(code) || this.#rejected.size < MAX_CODES ? code : 'other';
    this.#rejected.set(name, (this.#rejected.get(name) ?? 0) + 1);
    this.#listener.onRejected(name, text);
    const share = this.#pending.get(sequenceNumber);
    if (share === undefined) return;
    this.#pending.delete(sequenceNumber);
    this.#listener.onAnswered(nowMs - share.sentAtMs);
  }

  /** The channel is gone, and its answers with it. */
  abandon(): void {
    this.#unanswered += this.#pending.size;
    this.#pending.clear();
  }

  /** The shares without an answer up to that number, be it answered itself; none for one that was never sent. */
  #upTo(last: number): readonly (readonly [sequenceNumber: number, share: PendingShare])[] {
    if (this.#last === undefined || isAfter(last, this.#last)) return [];
    const pending = [...this.#pending];
    const later = pending.findIndex(([sequenceNumber]) => isAfter(sequenceNumber, last));
    return later === -1 ? pending : pending.slice(0, later);
  }

  /** Shares without an answer. */
  get waiting(): number {
    return this.#pending.size;
  }

  get totals(): ShareTotals {
    return {
      submitted: this.#submitted,
      accepted: this.#accepted,
      acceptedDifficulty: this.#acceptedDifficulty,
      rejected: Object.fromEntries(this.#rejected),
      unanswered: this.#unanswered,
    };
  }
}

/** Whether one sequence number comes after another; they wrap. */
function isAfter(one: number, other: number): boolean {
  return ((one - other) | 0) > 0;
}
