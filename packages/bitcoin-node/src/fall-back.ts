import type { Clock } from './host.ts';
import { LIMITS } from './limits.ts';
import type { HeldTemplate, NodeTemplate, WholeTemplate } from './node.ts';
import type { NodeStatus } from './node-status.ts';

type Source<T> = (until: AbortSignal) => AsyncIterator<T, void>;

export interface Sources {
  readonly ipc: Source<HeldTemplate>;
  readonly rpc: Source<WholeTemplate>;
}

interface Event {
  readonly from: Pull;
  readonly answer: PromiseSettledResult<IteratorResult<NodeTemplate, void>>;
}

/** Decides which of two ways to a node its templates come by. */
export class FallBack {
  readonly #ipc: NodeStatus;
  readonly #clock: Clock;
  readonly #listener: Disposable;
  readonly #waiting = new Set<() => void>();
  #timer: Disposable | undefined;
  #isAway = false;

  constructor(ipc: NodeStatus, clock: Clock) {
    this.#ipc = ipc;
    this.#clock = clock;
    this.#listener = ipc.onChange(() => this.#look());
    this.#look();
  }

  /** Whether the node gives templates by IPC, or has none to give. */
  get isIpcThere(): boolean {
    const { state } = this.#ipc.health();
    return state === 'ok' || state === 'ibd';
  }

  /** Templates by IPC; by RPC from when IPC has been away for some time until the first template that it has again. */
  async *merge(sources: Sources, signal: AbortSignal): AsyncGenerator<NodeTemplate, void, void> {
    using inbox = new Inbox(signal, this.#waiting);
    const ipc = new Pull(sources.ipc, signal, inbox);
    let rpc: Pull | undefined;
    try {
      while (!signal.aborted) {
        if (this.#isAway) rpc ??= new Pull(sources.rpc, signal, inbox);
        ipc.ask();
        rpc?.ask();
        const event = inbox.take();
        if (event === undefined) {
          await inbox.change();
          continue;
        }
        const template = templateOf(event);
        if (template === undefined) return;
        if (event.from === ipc) {
          rpc?.stop();
          rpc = undefined;
        } else if (event.from !== rpc) {
          continue;
        }
        yield template;
      }
    } finally {
      ipc.stop();
      rpc?.stop();
    }
  }

  close(): void {
    this.#listener[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
  }

  #look(): void {
    if (this.isIpcThere) {
      this.#timer?.[Symbol.dispose]();
      this.#timer = undefined;
      this.#isAway = false;
      return;
    }
    this.#timer ??= this.#clock.after(LIMITS.ipcGraceMs, () => {
      this.#isAway = true;
      for (const wake of this.#waiting) wake();
    });
  }
}

/**
 * What came, and a way to wait for more of it. Every wait is a promise of its own: what waits for hours beside others
 * that do not would keep all that these brought.
 */
class Inbox {
  readonly #events: Event[] = [];
  readonly #signal: AbortSignal;
  readonly #wakers: Set<() => void>;
  #wake: (() => void) | undefined;
  readonly #onChange = (): void => this.#wake?.();

  /** @param wakers where to be called when something else changed */
  constructor(signal: AbortSignal, wakers: Set<() => void>) {
    this.#signal = signal;
    this.#wakers = wakers;
    wakers.add(this.#onChange);
    signal.addEventListener('abort', this.#onChange);
  }

  push(event: Event): void {
    this.#events.push(event);
    this.#wake?.();
  }

  take(): Event | undefined {
    return this.#events.shift();
  }

  change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  [Symbol.dispose](): void {
    this.#wakers.delete(this.#onChange);
    this.#signal.removeEventListener('abort', this.#onChange);
    for (const event of this.#events.splice(0)) {
      const template = event.answer.status === 'fulfilled' ? templateOf(event) : undefined;
      if (template !== undefined) letGo(template);
    }
  }
}

/** A source of templates, of which one is awaited at a time. */
class Pull {
  readonly #abort = new AbortController();
  readonly #iterator: AsyncIterator<NodeTemplate, void>;
  readonly #inbox: Inbox;
  #isAsked = false;

  constructor(source: Source<NodeTemplate>, signal: AbortSignal, inbox: Inbox) {
    this.#iterator = source(AbortSignal.any([signal, this.#abort.signal]));
    this.#inbox = inbox;
  }

  /** The next one goes into the inbox. */
  ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#iterator.next().then(
      (value) => this.#came({ from: this, answer: { status: 'fulfilled', value } }),
      (reason: unknown) => this.#came({ from: this, answer: { status: 'rejected', reason } }),
    );
  }

  /** What comes after all has no reader. */
  stop(): void {
    this.#abort.abort();
    this.#iterator.return?.().catch(() => {});
  }

  #came(event: Event): void {
    this.#isAsked = false;
    if (!this.#abort.signal.aborted) return this.#inbox.push(event);
    const template = event.answer.status === 'fulfilled' ? templateOf(event) : undefined;
    if (template !== undefined) letGo(template);
  }
}

/** Undefined at the end of the source; throws what the source threw. */
function templateOf({ answer }: Event): NodeTemplate | undefined {
  if (answer.status === 'rejected') throw answer.reason;
  return answer.value.done === true ? undefined : answer.value.value;
}

function letGo(template: NodeTemplate): void {
  if (template.kind === 'held') template.release();
}
