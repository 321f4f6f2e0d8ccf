import type { JobBoard, BoardWork, WorkSource } from './job-board.ts';
import type { Tip } from './template.ts';

/** One message that is due to an addressee, in order. */
export type FeedStep =
  /** A job without min_ntime. */
  | { readonly kind: 'future'; readonly source: WorkSource }
  /** SetNewPrevHash for a job that went out as future before. */
  | { readonly kind: 'prev-hash'; readonly source: WorkSource; readonly work: BoardWork }
  /** A job with min_ntime. */
  | { readonly kind: 'active'; readonly source: WorkSource; readonly work: BoardWork };

/**
 * What one addressee (a group, or a channel on its own) has been sent, and what is due to it now. Fan-out is nothing
 * but bringing every feed up to the board: a peer that could not drain is brought straight to the latest state, and
 * SetNewPrevHash never names a job that the addressee has not got as a future one (§5.3.17).
 */
export class Feed {
  #tip: Tip | undefined;
  #current: WorkSource | undefined;
  #futures: readonly WorkSource[] = [];

  /** Whether anything is due. */
  isBehind(board: JobBoard): boolean {
    const { work, futures } = board;
    if (work === undefined) return false;
    return this.#tip !== work.tip || this.#current !== work.current || this.#futures !== futures;
  }

  /** The steps that are due; the caller sends all of them, in this order, before anything else to the addressee. */
  advance(board: JobBoard): FeedStep[] {
    const { work, futures } = board;
    if (work === undefined) return [];
    const steps: FeedStep[] = [];
    if (this.#tip !== work.tip) this.#takeTip(work, steps);
    if (this.#current !== work.current) steps.push({ kind: 'active', source: work.current, work });
    for (const source of futures) if (!this.#futures.includes(source)) steps.push({ kind: 'future', source });
    this.#current = work.current;
    this.#futures = futures;
    return steps;
  }

  /** The addressee got everything that another one got: a channel that joins a group whose feed is up to date. */
  follow(other: Feed): void {
    this.#tip = other.#tip;
    this.#current = other.#current;
    this.#futures = other.#futures;
  }

  /** The addressee's recipe or prefixes are others: none of the jobs that it was sent is what the board has for it now. */
  forgetJobs(): void {
    this.#current = undefined;
    this.#futures = [];
  }

  #takeTip(work: BoardWork, steps: FeedStep[]): void {
    const prepared = this.#futures.includes(work.opening);
    const source = prepared ? work.opening : work.current;
    if (!prepared) steps.push({ kind: 'future', source });
    steps.push({ kind: 'prev-hash', source, work });
    this.#tip = work.tip;
    this.#current = source;
    this.#futures = [];
  }
}
