import type { WorkTemplate } from '@sv2kit/mining';

/** The transactions of the latest templates, so that a block can be handed to nodes whole. */
export class TransactionStore {
  readonly #limit: number;
  readonly #transactions = new Map<WorkTemplate, readonly Uint8Array[]>();
  readonly #waiting = new Map<WorkTemplate, ((transactions: readonly Uint8Array[]) => void)[]>();

  /** @param limit templates to keep */
  constructor(limit: number) {
    this.#limit = limit;
  }

  has(template: WorkTemplate): boolean {
    return this.#transactions.has(template);
  }

  /** @param transactions in block order without the coinbase; copied. @param template undefined: nobody's */
  put(template: WorkTemplate | undefined, transactions: readonly Uint8Array[]): void {
    if (template === undefined) return;
    const own = transactions.map((transaction) => transaction.slice());
    this.#transactions.set(template, own);
    const [oldest] = this.#transactions.keys();
    if (this.#transactions.size > this.#limit && oldest !== undefined) this.#transactions.delete(oldest);
    for (const resolve of this.#waiting.get(template) ?? []) resolve(own);
    this.#waiting.delete(template);
  }

  /** The transactions, now or when they come; undefined when `signal` aborts first. */
  async wait(template: WorkTemplate, signal: AbortSignal): Promise<readonly Uint8Array[] | undefined> {
    const known = this.#transactions.get(template);
    if (known !== undefined || signal.aborted) return known;
    const { promise, resolve } = Promise.withResolvers<readonly Uint8Array[] | undefined>();
    const waiting = this.#waiting.get(template) ?? [];
    this.#waiting.set(template, [...waiting, resolve]);
    signal.addEventListener(
      'abort',
      () => {
        this.#waiting.delete(template);
        resolve(undefined);
      },
      { once: true },
    );
    return await promise;
  }
}
