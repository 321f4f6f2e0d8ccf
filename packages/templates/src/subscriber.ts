import type { CoinbaseSpace } from './coinbase-space.ts';
import { sameChoice, type TemplateContent } from './content.ts';
import type { ClientId, DeliveryReason } from './delivery.ts';
import type { Need } from './reservations.ts';
import type { TemplateRecord } from './template-book.ts';

/** Why a client is to get a future template and the SetNewPrevHash that activates it. */
export type PairReason = Extract<DeliveryReason, 'constraints' | 'tip' | 'announced-tip' | 'nbits'>;

/** One client of the publisher: what it needs, and what it has got. */
export class Subscriber {
  readonly id: ClientId;
  need: Need;
  /** Whether it is sent empty templates: ahead of a tip, and until the full template of a new tip is there. */
  readonly takesEmpty: boolean;
  /** It reads slowly: it gets new tips only. */
  paused = false;
  #owed: PairReason | undefined;
  #owedSinceMs = 0;
  #lastId = 0n;
  #sentAtMs = 0;
  #fees: bigint | undefined;
  /** The template it mines. */
  #record: TemplateRecord | undefined;
  /** What it mines, or the node's latest content with the same transactions. */
  #mined: TemplateContent | undefined;
  /** The node's latest content with others, and since when it has had such. */
  #other: TemplateContent | undefined;
  #otherSinceMs: number | undefined;
  #ahead: TemplateRecord | undefined;

  constructor(id: ClientId, need: Need, takesEmpty: boolean) {
    this.id = id;
    this.need = need;
    this.takesEmpty = takesEmpty;
  }

  /** The highest template id it has seen. */
  get lastId(): bigint {
    return this.#lastId;
  }

  /** Why it is to get a template of a tip that it has not been told of; undefined once it has. */
  get owed(): PairReason | undefined {
    return this.#owed;
  }

  /** Since when, unix ms. */
  get owedSinceMs(): number {
    return this.#owedSinceMs;
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

  /** The templates that it may solve next. */
  get templates(): readonly TemplateRecord[] {
    return [this.#record, this.#ahead].filter((record) => record !== undefined);
  }

  /** Whether this keeps free what it needs, and what it mines something else. */
  isMoreOwn({ reserve }: TemplateContent): boolean {
    const mined = this.#mined?.reserve;
    if (mined === undefined || reserve === undefined) return false;
    return sameSpace(reserve, this.need.reservation) && !sameSpace(reserve, mined);
  }

  /** There is other work than what it has: it is to be told, and what it holds for the next height is of no use. */
  owe(reason: PairReason, nowMs: number): void {
    this.#owed = reason;
    this.#owedSinceMs = nowMs;
    this.#ahead = undefined;
  }

  /** It got a future template for the next height. */
  holdsAhead(record: TemplateRecord): void {
    this.#lastId = record.templateId;
    this.#ahead = record;
  }

  /** It got a template of its tip. */
  mines(record: TemplateRecord, nowMs: number): void {
    this.#lastId = record.templateId;
    this.#record = record;
    this.#sentAtMs = nowMs;
    this.#fees = record.content.fees;
    this.#hasAll(record.content);
  }

  /** How long the node has had other transactions than this client mines; 0 while it has the same. Milliseconds. */
  otherForMs(content: TemplateContent, nowMs: number): number {
    if (content === this.#mined) return 0;
    if (content !== this.#other) {
      if (sameChoice(content, this.#mined)) {
        this.#hasAll(content);
        return 0;
      }
      this.#other = content;
      this.#otherSinceMs ??= nowMs;
    }
    return nowMs - (this.#otherSinceMs ?? nowMs);
  }

  /** It got a SetNewPrevHash: future templates that this did not name are gone (§7.3). */
  startsTip(record: TemplateRecord, nowMs: number, { full }: { readonly full: boolean }): void {
    this.#record = record;
    this.#sentAtMs = nowMs;
    this.#ahead = undefined;
    this.#owed = undefined;
    if (!full) this.#fees = undefined;
  }

  /** The full template is as empty as what it mines: nothing is owed. */
  settleEmpty(full: TemplateContent): void {
    if (this.#fees !== undefined || full.merklePath.length > 0) return;
    this.#fees = 0n;
    this.#hasAll(full);
  }

  #hasAll(content: TemplateContent): void {
    this.#mined = content;
    this.#other = undefined;
    this.#otherSinceMs = undefined;
  }
}

function sameSpace(a: CoinbaseSpace, b: CoinbaseSpace): boolean {
  return a.weight === b.weight && a.sigops === b.sigops;
}
