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
  /** Sent or waiting to be. */
  #calls = 0;

  constructor(name: string, thread: Capability, { oneByOne }: { readonly oneByOne: boolean }) {
    this.name = name;
    this.thread = thread;
    this.#oneByOne = oneByOne;
  }

  /** Sends a call when it is its turn: now, if nothing is before it. */
  run<T>(send: () => Promise<T>): Promise<T> {
    if (!this.#oneByOne) return send();
    this.#calls += 1;
    const answer = this.#calls === 1 ? send() : this.#last.then(send);
    const over = (): void => {
      this.#calls -= 1;
    };
    this.#last = answer.then(over, over);
    return answer;
  }

  /** Ends the node's thread, once it has nothing to do. */
  release(): void {
    this.thread.release();
  }
}
