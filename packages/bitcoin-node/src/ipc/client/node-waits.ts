import type { Capability } from '@sv2kit/capnp';
import type { Lane } from './lane.ts';
import { IPC_LIMITS } from './limits.ts';
import type { IpcLink } from './link.ts';
import type { TemplateMethods } from './template-methods.ts';
import type { WaitOptions } from './types.ts';

/** Waits for what comes after one template. */
export interface Waits<T> {
  /** Undefined after its time, after an interrupt, and when the node stops. */
  next(lane: Lane, wait: WaitOptions): Promise<T | undefined>;
  /** Ends one wait; does nothing when there is none. */
  interrupt(): Promise<void>;
  /** Ends all waits, for good. */
  end(): void;
}

/** Waits at the node, which interrupts them by itself or when it is told to. */
export class NodeWaits implements Waits<Capability> {
  readonly #link: IpcLink;
  readonly #methods: TemplateMethods;
  readonly #template: Capability;
  #waiting = 0;
  #ended = false;

  constructor(link: IpcLink, methods: TemplateMethods, template: Capability) {
    this.#link = link;
    this.#methods = methods;
    this.#template = template;
  }

  async next(lane: Lane, wait: WaitOptions): Promise<Capability | undefined> {
    this.#waiting += 1;
    try {
      const timeoutMs = IPC_LIMITS.answerTimeoutMs + wait.timeoutMs;
      return await lane.run(async () => {
        if (this.#ended) return undefined;
        return await this.#link.call(this.#template, this.#methods.waitNext(lane.thread, wait), { timeoutMs });
      });
    } finally {
      this.#waiting -= 1;
    }
  }

  async interrupt(): Promise<void> {
    if (this.#waiting > 0 && !this.#ended) await this.#interruptOne();
  }

  end(): void {
    this.#ended = true;
    for (let wait = 0; wait < this.#waiting; wait += 1) this.#interruptOne().catch(() => {});
  }

  async #interruptOne(): Promise<void> {
    await this.#link.call(this.#template, this.#methods.interruptWait());
  }
}
