import { ahead } from './ahead.ts';
import { TRANSLATOR_LIMITS } from './limits.ts';

/** Shares one after another that are worth the same. */
interface Run {
  readonly first: number;
  readonly work: number;
}

/** What the shares of a channel were sent for, by sequence number, until the upstream has answered them. */
export class SentWork {
  /** Oldest first; each goes up to the next one. */
  readonly #runs: Run[] = [];

  /** @param work difficulty */
  sent(sequenceNumber: number, work: number): void {
    if (this.#runs.at(-1)?.work === work) return;
    this.#runs.push({ first: sequenceNumber, work });
    // An upstream that never answers: the oldest are forgotten.
    if (this.#runs.length > TRANSLATOR_LIMITS.unansweredShares) this.#runs.shift();
  }

  /** Sum of the difficulties of the shares behind one up to another, without the rejected ones. They are forgotten then. */
  between(behind: number, last: number, rejected: ReadonlySet<number> | undefined): number {
    let sum = 0;
    for (;;) {
      const [run, next] = this.#runs;
      if (run === undefined) return sum;
      const end = next !== undefined && ahead(next.first, last) <= 0 ? next.first - 1 : last;
      const start = ahead(run.first - 1, behind) > 0 ? run.first - 1 : behind;
      const without = rejected === undefined ? 0 : countOf(rejected, start, end);
      sum += Math.max(ahead(end, start) - without, 0) * run.work;
      if (end === last && (next === undefined || ahead(next.first, last) > 0)) return sum;
      this.#runs.shift();
    }
  }
}

function countOf(numbers: ReadonlySet<number>, behind: number, last: number): number {
  let count = 0;
  for (const each of numbers) if (ahead(each, behind) > 0 && ahead(each, last) <= 0) count += 1;
  return count;
}
