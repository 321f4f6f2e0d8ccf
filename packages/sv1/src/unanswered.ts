import { Sv1Error } from './errors.ts';

/** Requests whose answers are owed; each is answered once. Mostly it is one at a time. */
export class Unanswered<T extends { readonly type: string }> {
  readonly #most: number;
  #latest: T | undefined;
  #earlier: Set<T> | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /** @throws {@link Sv1Error} `too-many-unanswered` */
  add(request: T): void {
    const latest = this.#latest;
    const requests = (this.#earlier?.size ?? 0) + (latest === undefined ? 0 : 1);
    if (requests >= this.#most) throw new Sv1Error('too-many-unanswered', { requests });
    if (latest !== undefined) (this.#earlier ??= new Set()).add(latest);
    this.#latest = request;
  }

  /** @throws Error when the request is not owed an answer: a mistake of the host */
  settle(request: T): void {
    if (this.#latest === request) this.#latest = undefined;
    else if (this.#earlier?.delete(request) !== true) throw new Error(`this ${request.type} request is owed no answer`);
  }
}
