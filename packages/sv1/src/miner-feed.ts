import type { Subscription } from './answers.ts';
import type { WorkLine } from './jobs.ts';
import type { Outbox } from './outbox.ts';
import { writePoolMessage } from './pool-messages.ts';

interface Work {
  readonly line: WorkLine;
  readonly difficulty: number;
}

type FeedState = { readonly kind: 'waiting'; readonly held: Work | undefined } | { readonly kind: 'open' };

/**
 * The order in which work goes out to one miner: extranonce, difficulty, job; nothing before the feed is open. One
 * difficulty at most stands in front of a job: cgminer keeps a second one for the notify after the next.
 */
export class MinerFeed {
  readonly #outbox: Outbox;
  #state: FeedState = { kind: 'waiting', held: undefined };
  #extranonce: Subscription | undefined;
  /** Of the last job; undefined before the first. */
  #difficulty: number | undefined;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** An extranonce that goes out in front of the next job. */
  get nextExtranonce(): Subscription | undefined {
    return this.#extranonce;
  }

  set nextExtranonce(subscription: Subscription) {
    this.#extranonce = subscription;
  }

  /** waiting -> open; the latest job goes out */
  open(): void {
    if (this.#state.kind === 'open') return;
    const { held } = this.#state;
    this.#state = { kind: 'open' };
    if (held !== undefined) this.#emit(held);
  }

  /** @returns whether the job went out, or is kept until the feed opens */
  send(work: Work): boolean {
    if (this.#state.kind === 'waiting') {
      this.#state = { kind: 'waiting', held: work };
      return false;
    }
    this.#emit(work);
    return true;
  }

  #emit({ line, difficulty }: Work): void {
    const extranonce = this.#extranonce;
    const first = this.#difficulty === undefined;
    this.#extranonce = undefined;
    if (extranonce !== undefined) this.#outbox.add(writePoolMessage({ type: 'set-extranonce', ...extranonce }));
    if (difficulty !== this.#difficulty) this.#outbox.add(writePoolMessage({ type: 'set-difficulty', difficulty }));
    this.#difficulty = difficulty;
    this.#outbox.addBytes(line.bytes(line.cleanJobs || extranonce !== undefined || first));
  }
}
