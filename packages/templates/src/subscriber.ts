import type { CoinbaseSpace } from './coinbase-space.ts';
import type { ClientId } from './delivery.ts';
import type { FittedTemplate } from './fitting.ts';
import type { TemplateRecord } from './template-book.ts';

/** One client of the publisher: what it needs, and what it has got. */
export class Subscriber {
  readonly id: ClientId;
  space: CoinbaseSpace;
  /** Whether it is sent empty templates: ahead of a tip, and until the full template of a new tip is there. */
  readonly takesEmpty: boolean;
  /** It reads slowly: it gets new tips only. */
  paused = false;
  /** A tip was announced that it has not been told of: it waits for the full template. */
  behind = false;
  #lastId = 0n;
  #sentAtMs = 0;
  #fees: bigint | undefined;
  #ahead: TemplateRecord | undefined;

  constructor(id: ClientId, space: CoinbaseSpace, takesEmpty: boolean) {
    this.id = id;
    this.space = space;
    this.takesEmpty = takesEmpty;
  }

  /** The highest template id it has seen. */
  get lastId(): bigint {
    return this.#lastId;
  }

  /** When it got its last template or tip, unix ms. */
  get sentAtMs(): number {
    return this.#sentAtMs;
  }

  /** Fees of what it mines, in satoshis; undefined while it is owed the full template of its tip. */
  get fees(): bigint | undefined {
    return this.#fees;
  }

  /** The future template it holds for the next height. */
  get ahead(): TemplateRecord | undefined {
    return this.#ahead;
  }

  /** It got a future template for the next height. */
  holdsAhead(record: TemplateRecord): void {
    this.#lastId = record.templateId;
    this.#ahead = record;
  }

  /** It got a template of its tip. */
  mines(record: TemplateRecord, nowMs: number): void {
    this.#lastId = record.templateId;
    this.#sentAtMs = nowMs;
    this.#fees = record.content.fees;
  }

  /** It got a SetNewPrevHash: future templates that this did not name are gone (§7.3). */
  startsTip(nowMs: number, { full }: { readonly full: boolean }): void {
    this.#sentAtMs = nowMs;
    this.#ahead = undefined;
    this.behind = false;
    if (!full) this.#fees = undefined;
  }

  /** The full template is as empty as what it mines: nothing is owed. */
  settleEmpty(full: FittedTemplate): void {
    if (this.#fees === undefined && full.transactions.length === 0) this.#fees = 0n;
  }
}
