import type { Sv1ClientSession } from '@sv2kit/sv1';
import { poolUserName } from '@sv2kit/translation';
import { TRANSLATOR_TO_V1_LIMITS } from './limits.ts';

export interface WorkerNamesOptions {
  /** As configured: what shares go under until their worker is known to the pool, or when workers are not named. */
  readonly user: string;
  readonly password: string;
  readonly nameWorkers: boolean;
}

/** The user names of one connection to a pool: a worker is authorised there before shares go under its name. */
export class WorkerNames {
  readonly #session: Pick<Sv1ClientSession, 'authorise'>;
  readonly #options: WorkerNamesOptions;
  readonly #names = new Map<string, 'asked' | 'known' | 'refused'>();

  constructor(session: Pick<Sv1ClientSession, 'authorise'>, options: WorkerNamesOptions) {
    this.#session = session;
    this.#options = options;
  }

  /** Names that the pool knows, beside the configured one. */
  get known(): number {
    let known = 0;
    for (const state of this.#names.values()) if (state === 'known') known += 1;
    return known;
  }

  /** The name for a share. Asks the pool about one that it has not heard of. @param identity of the channel or worker */
  of(identity: string): string {
    const { user, password, nameWorkers } = this.#options;
    if (!nameWorkers) return user;
    const name = poolUserName(user, identity);
    const state = this.#names.get(name);
    if (state === 'known') return name;
    if (state === undefined && name !== user && this.#names.size < TRANSLATOR_TO_V1_LIMITS.workers) {
      this.#names.set(name, 'asked');
      this.#session.authorise(name, password);
    }
    return user;
  }

  /** The pool has answered. */
  answered(name: string, known: boolean): void {
    if (this.#names.has(name)) this.#names.set(name, known ? 'known' : 'refused');
  }
}
