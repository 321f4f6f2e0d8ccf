import type { Capability } from '@sv2kit/capnp';

/**
 * A thread of the node: its calls run there one after another, and never wait for those of another lane.
 *
 * One call at a time is what callers should have on it. Nodes of version 30 refuse a third one ("thread busy"), so they
 * are sent one by one there; later nodes queue them.
 */
export class Lane {
  readonly name: string;
  readonly thread: Capability;
  readonly #oneByOne: boolean;
  #last: Promise<unknown> = Promise.resolve();

  constructor(name: string, thread: Capability, { oneByOne }: { readonly oneByOne: boolean }) {
    this.name = name;
    this.thread = thread;
    this.#oneByOne = oneByOne;
  }

  /** Sends a call when it is its turn. */
  run<T>(send: () => Promise<T>): Promise<T> {
    if (!this.#oneByOne) return send();
    const answer = this.#last.then(send);
    this.#last = answer.catch(() => {});
    return answer;
  }

  /** Ends the node's thread, once it has nothing to do. */
  release(): void {
    this.thread.release();
  }
}
