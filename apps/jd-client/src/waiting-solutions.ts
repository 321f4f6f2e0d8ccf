import type { PushSolution } from '@sv2kit/codec';
import { JD_CLIENT_LIMITS } from './limits.ts';

/** Solutions whose job declarator server is away: it may know the job still when it is back. */
export class WaitingSolutions {
  #waiting: { readonly message: PushSolution; readonly atMs: number }[] = [];

  add(message: PushSolution, nowMs: number): void {
    this.#waiting = [...this.#waiting, { message, atMs: nowMs }].slice(-JD_CLIENT_LIMITS.waitingPushes);
  }

  /** Empties it. @returns what is not too old, oldest first */
  drain(nowMs: number): PushSolution[] {
    const fresh = this.#waiting.filter(({ atMs }) => nowMs - atMs < JD_CLIENT_LIMITS.waitingPushMs);
    this.#waiting = [];
    return fresh.map(({ message }) => message);
  }
}
