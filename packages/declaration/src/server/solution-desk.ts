import { sameBytes } from '@sv2kit/bitcoin';
import { ProtocolError, type PushSolution } from '@sv2kit/codec';
import type { DeclarationViolation } from './codes.ts';
import type { SolvedJob } from './effects.ts';
import type { Solution } from './job-book.ts';
import type { Surroundings } from './surroundings.ts';
import { TokenBucket } from './token-bucket.ts';

/** What solves nothing so far. */
interface Unsolved {
  readonly solution: Solution;
  /** The jobs that it was not tried on yet. */
  readonly search: Generator<number, SolvedJob | undefined>;
  /** Bytes that the last try has hashed. */
  cost: number;
  isTried: boolean;
}

/** The solutions of one connection (§6.4.9): tried on its latest job at once, on all others as effort allows. */
export class SolutionDesk {
  readonly #peer: number;
  readonly #hall: Surroundings;
  readonly #useless: TokenBucket;
  readonly #effort: TokenBucket;
  #unsolved: Unsolved[] = [];
  /** Hash of the last block. */
  #last: Uint8Array | undefined;

  constructor(peer: number, hall: Surroundings, nowMs: number) {
    const { limits } = hall;
    this.#peer = peer;
    this.#hall = hall;
    this.#useless = new TokenBucket(limits.uselessSolutionsBurst, limits.uselessSolutionsPerMinute, nowMs);
    this.#effort = new TokenBucket(
      limits.searchBytesBurst,
      limits.searchBytesPerMinute,
      nowMs,
      limits.searchBytesFirst,
    );
  }

  /**
   * A solution that solves nothing yet is kept while a job may come that it is for: optimistic mining (§6.3.2) may solve
   * one whose declaration is still being judged.
   *
   * @param isJobPending whether the connection has such declarations
   * @throws ProtocolError `too-many-solutions`
   */
  push(solution: PushSolution, isJobPending: boolean, nowMs: number): void {
    const { jobs } = this.#hall;
    const solved = jobs.solveLatest(solution, this.#peer) ?? this.#searchNew(solution, isJobPending, nowMs);
    if (solved !== undefined && this.#hand(solved)) return;
    if (!this.#useless.take(nowMs)) throw new ProtocolError('too-many-solutions' satisfies DeclarationViolation);
  }

  /** Solutions that solve nothing yet. */
  get waiting(): number {
    return this.#unsolved.length;
  }

  /** The connection has another declared job. */
  jobDeclared(): void {
    this.#unsolved = this.#unsolved.filter(({ solution }) => {
      const solved = this.#hall.jobs.solveLatest(solution, this.#peer);
      if (solved !== undefined) this.#hand(solved);
      return solved === undefined;
    });
  }

  /** Goes on with what was left untried. */
  tick(isJobPending: boolean, nowMs: number): void {
    this.#unsolved = this.#unsolved.filter((unsolved) => {
      const solved = this.#search(unsolved, nowMs);
      if (solved !== undefined) this.#hand(solved);
      return solved === undefined;
    });
    this.dropUseless(isJobPending);
  }

  /** Lets go what was tried on every job there is, unless one may come that it is for. */
  dropUseless(isJobPending: boolean): void {
    if (isJobPending || this.#unsolved.length === 0) return;
    const left = this.#unsolved.filter(({ isTried }) => !isTried);
    for (let gone = this.#unsolved.length - left.length; gone > 0; gone -= 1) this.#report('no-block');
    this.#unsolved = left;
  }

  #searchNew({ extranonce, prevHash, ...rest }: PushSolution, isJobPending: boolean, nowMs: number) {
    const solution = { ...rest, extranonce: extranonce.slice(), prevHash: prevHash.slice() };
    const search = this.#hall.jobs.search(solution, this.#peer);
    const unsolved = { solution, search, cost: 0, isTried: false };
    const solved = this.#search(unsolved, nowMs);
    if (solved === undefined) this.#keep(unsolved, isJobPending);
    return solved;
  }

  #keep(unsolved: Unsolved, isJobPending: boolean): void {
    this.#unsolved.push(unsolved);
    this.dropUseless(isJobPending);
    if (this.#unsolved.length <= this.#hall.limits.earlySolutions) return;
    this.#unsolved.shift();
    this.#report('no-block');
  }

  /** What solves nothing must not keep the event loop from the rest: effort is bounded. */
  #search(unsolved: Unsolved, nowMs: number): SolvedJob | undefined {
    while (!unsolved.isTried && this.#effort.take(nowMs, unsolved.cost)) {
      const step = unsolved.search.next();
      if (step.done === true) {
        unsolved.isTried = true;
        return step.value;
      }
      unsolved.cost = step.value;
    }
    return undefined;
  }

  /** @returns false when that was done before */
  #hand(solved: SolvedJob): boolean {
    if (this.#last !== undefined && sameBytes(this.#last, solved.hash)) return false;
    this.#last = solved.hash;
    this.#hall.emit({ kind: 'submit', solved });
    this.#report('block');
    return true;
  }

  #report(outcome: 'block' | 'no-block'): void {
    this.#hall.emit({ kind: 'report', peer: this.#peer, event: { kind: 'solution', outcome } });
  }
}
