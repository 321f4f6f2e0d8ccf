import type { LatencyRecorder } from '@sv2kit/daemon';

/**
 * How long an upstream takes to answer for a share: one share of a channel at a time is timed, so that it costs nothing
 * however many are on their way.
 */
export class AnswerTimes {
  readonly #recorder: Pick<LatencyRecorder, 'record'>;
  readonly #now: () => number;
  #sequenceNumber = 0;
  /** NaN while none is timed. */
  #sentMs = Number.NaN;

  constructor(recorder: Pick<LatencyRecorder, 'record'>, now: () => number = () => performance.now()) {
    this.#recorder = recorder;
    this.#now = now;
  }

  sent(sequenceNumber: number): void {
    if (!Number.isNaN(this.#sentMs)) return;
    this.#sequenceNumber = sequenceNumber;
    this.#sentMs = this.#now();
  }

  /** It has answered for all up to this one. */
  answeredUpTo(sequenceNumber: number): void {
    if (Number.isNaN(this.#sentMs) || ((sequenceNumber - this.#sequenceNumber) | 0) < 0) return;
    this.#recorder.record(this.#now() - this.#sentMs);
    this.#sentMs = Number.NaN;
  }

  /** It has answered for this one alone. */
  answered(sequenceNumber: number): void {
    if (sequenceNumber === this.#sequenceNumber) this.answeredUpTo(sequenceNumber);
  }
}
