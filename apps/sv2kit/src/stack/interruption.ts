/** Why the stack is to stop before it is done. */
export type StopReason =
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'deadline'; readonly seconds: number }
  /** Whoever read our output went away. */
  | { readonly kind: 'unread' };

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Ctrl-C, SIGTERM or the deadline: the first asks, a second signal insists. */
export class Interruption implements Disposable {
  readonly #asked = new AbortController();
  readonly #insisted = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;
  #reason: StopReason | undefined;

  constructor(deadlineSeconds: number | undefined) {
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
    process.stdout.on('error', this.#onOutputError);
    if (deadlineSeconds === undefined) return;
    const ask = (): void => this.#ask({ kind: 'deadline', seconds: deadlineSeconds });
    this.#timer = setTimeout(ask, deadlineSeconds * 1_000);
  }

  /** Aborts when the stack is to stop. */
  get signal(): AbortSignal {
    return this.#asked.signal;
  }

  /** Aborts when it is to stop at once. */
  get insisted(): AbortSignal {
    return this.#insisted.signal;
  }

  get reason(): StopReason | undefined {
    return this.#reason;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
    process.stdout.off('error', this.#onOutputError);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    if (this.#reason?.kind === 'signal') this.#insisted.abort();
    else this.#ask({ kind: 'signal', signal });
  };

  readonly #onOutputError = (): void => this.#ask({ kind: 'unread' });

  #ask(reason: StopReason): void {
    this.#reason ??= reason;
    this.#asked.abort();
  }
}

/** Resolves after `ms`, or at once when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
