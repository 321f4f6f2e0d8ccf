import type { Clock } from '../clock.ts';
import { LedgerError, type LedgerErrorCode } from '../errors.ts';
import { LEDGER_LIMITS } from '../limits.ts';
import type { Problem } from './thread-messages.ts';

interface Asked {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: Disposable;
}

/** Questions on their way to another thread: only so many at a time, each for only so long. */
export class Questions {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #asked = new Map<number, Asked>();
  #lastId = 0;

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  /** Asks by `send`; rejects with LedgerError 'ledger-busy', 'ledger-query-late' or what the other side says. */
  ask(name: string, send: (id: number) => void): Promise<unknown> {
    if (this.#asked.size >= LEDGER_LIMITS.queries) {
      const message = `${LEDGER_LIMITS.queries} questions wait for the database already`;
      return Promise.reject(new LedgerError('ledger-busy', message, { name }));
    }
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    // Its place stays taken until the other side is done with it.
    const timer = this.#clock.after(LEDGER_LIMITS.queryMs, () => {
      const message = `the database did not answer '${name}' within ${LEDGER_LIMITS.queryMs / 1000} seconds`;
      reject(new LedgerError('ledger-query-late', message, { name }));
    });
    this.#asked.set(id, { resolve, reject, timer });
    try {
      send(id);
    } catch (error) {
      // What cannot be posted to a thread is nothing that a database could be asked.
      this.#take(id)?.reject(error instanceof Error ? error : new Error(String(error)));
    }
    return promise;
  }

  answer(id: number, answer: unknown): void {
    this.#take(id)?.resolve(answer);
  }

  noAnswer(id: number, { code, message }: Problem): void {
    this.#take(id)?.reject(code === undefined ? new Error(message) : new LedgerError(code, message));
  }

  /** Nobody will answer any more. */
  abandon(code: LedgerErrorCode, message: string): void {
    for (const id of this.#asked.keys()) this.noAnswer(id, { code, message });
  }

  #take(id: number): Asked | undefined {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    asked?.timer[Symbol.dispose]();
    return asked;
  }
}
