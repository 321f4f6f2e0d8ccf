import { JD_CLIENT_LIMITS } from './limits.ts';

/** Who waits for a pool's answer to SetCustomMiningJob. */
export interface CustomJobListener {
  /** @param target what the job's shares must meet */
  onAcknowledged(jobId: number, target: Uint8Array): void;
  onRefused(code: string): void;
}

/** SetCustomMiningJob messages that were not answered yet, by request id. */
export class CustomJobRequests {
  readonly #waiting = new Map<number, CustomJobListener>();
  #lastId: number;

  /** @param lastId that another request of the connection has */
  constructor(lastId: number) {
    this.#lastId = lastId;
  }

  /** The oldest is forgotten when there are too many. @returns the id of the new one */
  add(listener: CustomJobListener): number {
    this.#lastId = (this.#lastId + 1) >>> 0;
    this.#waiting.set(this.#lastId, listener);
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > JD_CLIENT_LIMITS.unansweredJobs && oldest !== undefined) this.#waiting.delete(oldest);
    return this.#lastId;
  }

  /** Who asked, once. */
  answered(requestId: number): CustomJobListener | undefined {
    const listener = this.#waiting.get(requestId);
    this.#waiting.delete(requestId);
    return listener;
  }
}
