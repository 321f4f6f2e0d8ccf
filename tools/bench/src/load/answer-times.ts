const FIRST_SLOTS = 16;

/** How long answers take that come in the order of their requests; times are those of `performance.now()`. */
export class AnswerTimes {
  #sentAt = new Float64Array(FIRST_SLOTS);
  #sent = 0;
  #answered = 0;

  get pending(): number {
    return this.#sent - this.#answered;
  }

  /** @returns how many have been sent, this one included */
  sent(now: number): number {
    if (this.pending === this.#sentAt.length) this.#grow();
    this.#sentAt[this.#sent % this.#sentAt.length] = now;
    this.#sent += 1;
    return this.#sent;
  }

  /** The oldest request without an answer has one. @returns how long that took */
  answered(now: number): number {
    if (this.pending === 0) throw new Error('an answer to nothing');
    const sentAt = this.#sentAt[this.#answered % this.#sentAt.length] as number;
    this.#answered += 1;
    return now - sentAt;
  }

  #grow(): void {
    const old = this.#sentAt;
    const ring = new Float64Array(2 * old.length);
    for (let each = this.#answered; each < this.#sent; each += 1) {
      ring[each % ring.length] = old[each % old.length] as number;
    }
    this.#sentAt = ring;
  }
}
