import { sameBytes } from '@sv2kit/bitcoin';
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
  /** What it mines, or the node's latest content with the same transactions. */
  #mined: FittedTemplate | undefined;
  /** The node's latest content with others, and since when it has had such. */
  #other: FittedTemplate | undefined;
  #otherSinceMs: number | undefined;
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
    this.#hasAll(record.content);
  }

  /** How long the node has had other transactions than this client mines; 0 while it has the same. Milliseconds. */
  otherForMs(content: FittedTemplate, nowMs: number): number {
    if (content === this.#mined) return 0;
    if (content !== this.#other) {
      if (sameTransactions(content, this.#mined)) {
        this.#hasAll(content);
        return 0;
      }
      this.#other = content;
      this.#otherSinceMs ??= nowMs;
    }
    return nowMs - (this.#otherSinceMs ?? nowMs);
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
    if (this.#fees !== undefined || full.transactions.length > 0) return;
    this.#fees = 0n;
    this.#hasAll(full);
  }

  #hasAll(content: FittedTemplate): void {
    this.#mined = content;
    this.#other = undefined;
    this.#otherSinceMs = undefined;
  }
}

function sameTransactions(a: FittedTemplate, b: FittedTemplate | undefined): boolean {
  if (b === undefined || a.transactions.length !== b.transactions.length) return false;
  return a.transactions.every((transaction, index) => {
    const other = b.transactions[index];
    // Successive templates share their transactions, so that identity mostly tells.
    return other !== undefined && (transaction === other || sameBytes(transaction.wtxid, other.wtxid));
  });
}
