import { difficultyFromTarget } from '@sv2kit/bitcoin';
import { JD_CLIENT_LIMITS } from './limits.ts';
import type { WorkItem } from './work-item.ts';

/**
 * The pool's target binds a job when that is set (§5.3.21): one that was set before devices came would be far too hard
 * for them, and is set again. With another coinbase: a pool holds all jobs of one search space to the first one's
 * target, for a client could else name for each share the job that pays more. Once for a target, whatever the pool does.
 */
export class Rebinding {
  /** How often a job was set again; never twice with one coinbase. */
  #marks = 0;
  /** For which difficulty a job of the present tip was set again already. */
  #doneFor = Infinity;

  /** Behind the tag of every job that is made now. */
  get mark(): Uint8Array {
    if (this.#marks === 0) return new Uint8Array(0);
    return Uint8Array.of(this.#marks & 0xff, (this.#marks >>> 8) & 0xff);
  }

  tipMoved(): void {
    this.#doneFor = Infinity;
  }

  /** Whether the latest job is to be set again; {@link Rebinding.mark} is another one then. @param target the pool's at hand */
  isDue(latest: WorkItem | undefined, target: Uint8Array, nowMs: number): boolean {
    const state = latest?.declaration.state;
    if (latest === undefined || state?.phase !== 'acknowledged') return false;
    if (nowMs - latest.sinceMs < JD_CLIENT_LIMITS.rebindMs) return false;
    const wanted = difficultyFromTarget(target);
    const { rebindFactor } = JD_CLIENT_LIMITS;
    if (Math.min(difficultyFromTarget(state.target), this.#doneFor) < rebindFactor * wanted) return false;
    this.#doneFor = wanted;
    this.#marks += 1;
    return true;
  }
}
