import type { NodeTemplate } from './node.ts';

export type Source<T> = (until: AbortSignal) => AsyncIterator<T, void>;

/** What a source had to say when it was asked. */
interface Event {
  readonly from: Pull;
  readonly answer: PromiseSettledResult<IteratorResult<NodeTemplate, void>>;
}

/**
 * What came, and a way to wait for more of it. Every wait is a promise of its own: what waits for hours beside others
 * that do not would keep all that these brought.
 */
export class Inbox implements Disposable {
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
      if (event.answer.status === 'fulfilled') letGo(templateOf(event));
    }
  }
}

/** A source of templates, of which one is awaited at a time. */
export class Pull {
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
    if (event.answer.status === 'fulfilled') letGo(templateOf(event));
  }
}

/** Undefined at the end of the source; throws what the source threw. */
export function templateOf({ answer }: Event): NodeTemplate | undefined {
  if (answer.status === 'rejected') throw answer.reason;
  return answer.value.done === true ? undefined : answer.value.value;
}

/** Nobody reads it. */
export function letGo(template: NodeTemplate | undefined): undefined {
  if (template?.kind === 'held') template.release();
}
