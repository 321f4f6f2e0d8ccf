import { Sv1Error } from './errors.ts';

/** Requests whose answers are owed; each is answered once. */
export class Unanswered<T extends { readonly type: string }> {
  readonly #most: number;
  readonly #requests = new Set<T>();

  constructor(most: number) {
    this.#most = most;
  }

  /** @throws {@link Sv1Error} `too-many-unanswered` */
  add(request: T): void {
    if (this.#requests.size >= this.#most) throw new Sv1Error('too-many-unanswered', { requests: this.#requests.size });
    this.#requests.add(request);
  }

  /** @throws Error when the request is not owed an answer: a mistake of the host */
  settle(request: T): void {
    if (!this.#requests.delete(request)) throw new Error(`this ${request.type} request is owed no answer`);
  }
}
