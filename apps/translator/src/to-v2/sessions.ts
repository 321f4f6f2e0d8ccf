import { randomBytes } from 'node:crypto';
import { TRANSLATOR_LIMITS } from './limits.ts';

/** The names of sessions, and the difficulties of those that ended, for miners that come back; the oldest is forgotten. */
export class Sessions {
  readonly #difficulties = new Map<string, number>();
  readonly #most: number;
  /** So that no session of an earlier process is taken for one of this. */
  readonly #process = randomBytes(4).toString('hex');
  #last = 0;

  constructor(most: number = TRANSLATOR_LIMITS.sessions) {
    this.#most = most;
  }

  newId(): string {
    this.#last += 1;
    return `${this.#process}${this.#last.toString(16)}`;
  }

  keep(session: string, difficulty: number): void {
    this.#difficulties.delete(session);
    this.#difficulties.set(session, difficulty);
    const [oldest] = this.#difficulties.keys();
    if (this.#difficulties.size > this.#most && oldest !== undefined) this.#difficulties.delete(oldest);
  }

  take(session: string): number | undefined {
    const difficulty = this.#difficulties.get(session);
    this.#difficulties.delete(session);
    return difficulty;
  }
}
