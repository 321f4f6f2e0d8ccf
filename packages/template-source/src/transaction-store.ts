import { identifyTransaction, sha256d, type TransactionIds } from '@sv2kit/bitcoin';
import type { WorkTemplate } from '@sv2kit/mining';
import type { KnownTransaction } from '@sv2kit/monitor';
import { TEMPLATE_SOURCE_LIMITS } from './limits.ts';

/** One transaction, shared by the templates that hold it. */
class SharedTransaction implements KnownTransaction {
  readonly data: Uint8Array;
  #wtxid: Uint8Array | undefined;
  #ids: TransactionIds | undefined;

  constructor(data: Uint8Array) {
    this.data = data;
  }

  get isHashed(): boolean {
    return this.#wtxid !== undefined;
  }

  /** Worked out once, when somebody asks. */
  get wtxid(): Uint8Array {
    this.#wtxid ??= sha256d(this.data);
    return this.#wtxid;
  }

  /** As those above, for who looks at a template. @throws BitcoinError when it is no transaction */
  get txid(): Uint8Array {
    return this.#identified.txid;
  }

  /** @throws BitcoinError when it is no transaction */
  get weight(): number {
    return this.#identified.weight;
  }

  get #identified(): TransactionIds {
    this.#ids ??= identifyTransaction(this.data);
    this.#wtxid ??= this.#ids.wtxid;
    return this.#ids;
  }
}

/** What a template holds besides its coinbase. */
export class TemplateTransactions {
  /** Whole transactions in block order. */
  readonly data: readonly Uint8Array[];
  /** What the provider added (§7.5), unread. */
  readonly excessData: Uint8Array;
  readonly #shared: readonly SharedTransaction[];
  #wtxids: readonly Uint8Array[] | undefined;
  /** Transactions whose ids are known, from the first on. */
  #hashed = 0;

  constructor(shared: readonly SharedTransaction[], excessData: Uint8Array) {
    this.#shared = shared;
    this.data = shared.map(({ data }) => data);
    this.excessData = excessData;
  }

  /**
   * Works out at most so many ids that nobody has asked for yet, for those who must not hold the loop.
   * @returns whether all of them are known now
   */
  hashSome(most: number): boolean {
    let left = most;
    for (; this.#hashed < this.#shared.length; this.#hashed += 1) {
      const transaction = this.#shared[this.#hashed];
      if (transaction === undefined || transaction.isHashed) continue;
      if (left === 0) return false;
      left -= 1;
      void transaction.wtxid;
    }
    return true;
  }

  /** The same with ids and weight: each is read when it is looked at, and throws BitcoinError when it is no transaction. */
  get known(): readonly KnownTransaction[] {
    return this.#shared;
  }

  /** Witness transaction ids in block order, internal byte order. Each is hashed once, whichever template asks first. */
  get wtxids(): readonly Uint8Array[] {
    this.#wtxids ??= this.#shared.map(({ wtxid }) => wtxid);
    return this.#wtxids;
  }
}

type Waiter = (transactions: TemplateTransactions | undefined) => void;
const NOTHING = new Uint8Array(0);

/** The transactions of the latest templates, so that a block can be handed on whole and a job declared. */
export class TransactionStore {
  readonly #limit: number;
  readonly #transactions = new Map<WorkTemplate, TemplateTransactions>();
  readonly #waiting = new Map<WorkTemplate, Set<Waiter>>();
  /** Of the latest template: the next one holds most of them too. */
  #latest: ReadonlyMap<string, SharedTransaction> = new Map();

  /** @param limit templates to keep */
  constructor(limit: number = TEMPLATE_SOURCE_LIMITS.templatesWithTransactions) {
    this.#limit = limit;
  }

  has(template: WorkTemplate): boolean {
    return this.#transactions.has(template);
  }

  get(template: WorkTemplate): TemplateTransactions | undefined {
    return this.#transactions.get(template);
  }

  /** @param transactions in block order without the coinbase; copied */
  put(template: WorkTemplate, transactions: readonly Uint8Array[], excessData: Uint8Array = NOTHING): void {
    const own = new TemplateTransactions(this.#share(transactions), new Uint8Array(excessData));
    this.#transactions.set(template, own);
    const [oldest] = this.#transactions.keys();
    if (this.#transactions.size > this.#limit && oldest !== undefined) this.#transactions.delete(oldest);
    this.#answer(template, own);
  }

  /** The transactions of this template will not come: nobody waits for them any longer. */
  giveUp(template: WorkTemplate): void {
    this.#answer(template, undefined);
  }

  /** The transactions, now or when they come; undefined when they will not, or `signal` aborts first. */
  async wait(template: WorkTemplate, signal: AbortSignal): Promise<TemplateTransactions | undefined> {
    const known = this.#transactions.get(template);
    if (known !== undefined || signal.aborted) return known;
    const { promise, resolve } = Promise.withResolvers<TemplateTransactions | undefined>();
    const waiting = this.#waiting.get(template) ?? new Set();
    this.#waiting.set(template, waiting.add(resolve));
    const stop = (): void => {
      waiting.delete(resolve);
      if (waiting.size === 0 && this.#waiting.get(template) === waiting) this.#waiting.delete(template);
      resolve(undefined);
    };
    signal.addEventListener('abort', stop, { once: true });
    const transactions = await promise;
    signal.removeEventListener('abort', stop);
    return transactions;
  }

  #answer(template: WorkTemplate, transactions: TemplateTransactions | undefined): void {
    for (const resolve of this.#waiting.get(template) ?? []) resolve(transactions);
    this.#waiting.delete(template);
  }

  #share(transactions: readonly Uint8Array[]): readonly SharedTransaction[] {
    const next = new Map<string, SharedTransaction>();
    const shared = transactions.map((data) => {
      const key = keyOf(data);
      const held = this.#latest.get(key);
      const own =
        held !== undefined && Buffer.compare(held.data, data) === 0
          ? held
          : new SharedTransaction(new Uint8Array(data));
      next.set(key, own);
      return own;
    });
    if (next.size > 0) this.#latest = next;
    return shared;
  }
}

/** Where the first input is, at least: no two transactions of a block spend the same output. */
const KEY_START = 4;
const KEY_END = KEY_START + 2 + 1 + 36;

function keyOf(data: Uint8Array): string {
  const head = data.subarray(KEY_START, KEY_END);
  return Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
}
