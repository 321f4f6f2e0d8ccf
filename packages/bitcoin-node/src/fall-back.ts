import type { Clock } from './host.ts';
import { LIMITS } from './limits.ts';
import type { HeldTemplate, NodeTemplate, WholeTemplate } from './node.ts';
import type { NodeStatus } from './node-status.ts';

type Source<T> = (until: AbortSignal) => AsyncIterator<T, void>;

export interface Sources {
  readonly ipc: Source<HeldTemplate>;
  readonly rpc: Source<WholeTemplate>;
}

type Event =
  | { readonly from: 'ipc' | 'rpc'; readonly result: IteratorResult<NodeTemplate, void> }
  | { readonly from: 'change' };

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
    const ipc = new Pull('ipc', sources.ipc, signal);
    let rpc: Pull | undefined;
    try {
      while (!signal.aborted) {
        if (this.#isAway) rpc ??= new Pull('rpc', sources.rpc, signal);
        const waiting = rpc === undefined ? [ipc.next(), this.#change(signal)] : [ipc.next(), rpc.next()];
        const event = await Promise.race(waiting);
        if (event.from === 'change') continue;
        if (event.result.done === true) return;
        if (event.from === 'ipc') {
          ipc.taken();
          rpc?.stop();
          rpc = undefined;
        } else {
          rpc?.taken();
        }
        yield event.result.value;
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

  /** IPC has been away for too long, or the signal has aborted. */
  #change(signal: AbortSignal): Promise<Event> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve({ from: 'change' });
      };
      this.#waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}

/** A source of templates, of which one is awaited at a time. */
class Pull {
  readonly #from: 'ipc' | 'rpc';
  readonly #abort = new AbortController();
  readonly #iterator: AsyncIterator<NodeTemplate, void>;
  #pending: Promise<Event> | undefined;

  constructor(from: 'ipc' | 'rpc', source: Source<NodeTemplate>, signal: AbortSignal) {
    this.#from = from;
    this.#iterator = source(AbortSignal.any([signal, this.#abort.signal]));
  }

  next(): Promise<Event> {
    this.#pending ??= this.#iterator.next().then((result) => ({ from: this.#from, result }));
    return this.#pending;
  }

  /** The template that was awaited was passed on. */
  taken(): void {
    this.#pending = undefined;
  }

  /** What comes after all has no reader. */
  stop(): void {
    this.#abort.abort();
    const left = this.#pending;
    void (async () => {
      const event = await left;
      if (event !== undefined && event.from !== 'change' && event.result.done !== true) letGo(event.result.value);
      await this.#iterator.return?.();
    })().catch(() => {});
  }
}

function letGo(template: NodeTemplate): void {
  if (template.kind === 'held') template.release();
}
