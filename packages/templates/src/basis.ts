import { sameBytes, targetFromNbits } from '@sv2kit/bitcoin';
import { type ChainRules, keepsDifficulty, nextSubsidy } from './chain-rules.ts';
import type { CoinbaseSpace } from './coinbase-space.ts';
import { emptyContent, type HeldContent, type TemplateContent } from './content.ts';
import type { TemplateFitter } from './fitting.ts';
import type { NodeTip, TemplateHead } from './node-template.ts';
import { compareSpaces, covers, type Need, type Reservation, reservation } from './reservations.ts';
import type { PublishedTip } from './template-book.ts';

/** The node's clock as last read: `curtime` (unix seconds) was its time at `readAtMs` (unix ms of the host). */
interface NodeClock {
  readonly readAtMs: number;
  readonly curtime: number;
  /** Earliest time of the block to be mined, unix seconds. */
  readonly mintime: number;
}

/** The variant of a tip's work that is cut from a whole template. */
export const WHOLE = 'whole';

/** The work there is on one tip: what every message to a client is made from. */
export class Basis {
  readonly tip: PublishedTip;
  /** Of the block to be mined. */
  readonly height: number;
  /** When there was first work, unix ms. */
  readonly sinceMs: number;
  /** An empty block for the next height, when that can be known before this one is found. */
  readonly ahead: TemplateContent | undefined;
  #clock: NodeClock;
  /** What can be cut to any need. */
  #whole: { fit(space: CoinbaseSpace): TemplateContent } | undefined;
  /** Templates that the node holds, by their reservation. */
  readonly #held = new Map<string, HeldContent>();

  private constructor(tip: PublishedTip, height: number, sinceMs: number, clock: NodeClock, ahead?: TemplateContent) {
    this.tip = tip;
    this.height = height;
    this.sinceMs = sinceMs;
    this.ahead = ahead;
    this.#clock = clock;
  }

  /** A tip on which the node has a template, which is yet to be taken. `subsidy`: in satoshis. */
  static of(head: TemplateHead, subsidy: bigint, nowMs: number, rules: ChainRules): Basis {
    const { prevHash, nbits, target, height, version } = head;
    const ahead = prepareAhead(rules, height + 1, version, subsidy);
    return new Basis({ prevHash, nbits, target }, height, nowMs, clockOf(head), ahead);
  }

  /**
   * An empty block on a tip whose template the node has not built yet, or undefined when it cannot be known: the tip
   * is no child of this one (a reorganisation), or the difficulty changes with the block.
   */
  next(news: NodeTip, nowMs: number, rules: ChainRules): Basis | undefined {
    const content = this.ahead;
    if (content === undefined || news.height !== this.height) return undefined;
    if (!sameBytes(news.previousHash, this.tip.prevHash)) return undefined;
    const { height, version, valueRemaining } = content;
    const tip = { prevHash: news.hash, nbits: news.nbits, target: targetFromNbits(news.nbits) };
    const clock = { ...this.#clock, mintime: news.medianTime + 1 };
    const basis = new Basis(tip, height, nowMs, clock, prepareAhead(rules, height + 1, version, valueRemaining));
    basis.#whole = { fit: () => content };
    return basis;
  }

  /** Whether this is the work of a template: its tip, and its difficulty. */
  isOf({ prevHash, nbits }: TemplateHead): boolean {
    return nbits === this.tip.nbits && sameBytes(prevHash, this.tip.prevHash);
  }

  /** Whether a template is from before the latest one taken, by the node's clock. */
  isAfter({ curtime }: TemplateHead): boolean {
    return curtime < this.#clock.curtime;
  }

  /** The names of the variants there are: `WHOLE`, and the reservations of held templates. */
  get variants(): ReadonlySet<string> {
    return new Set([...(this.#whole === undefined ? [] : [WHOLE]), ...this.#held.keys()]);
  }

  /** The node's latest template, which serves everybody. */
  takeWhole(head: TemplateHead, fitter: TemplateFitter): void {
    this.#clock = clockOf(head);
    this.#whole = fitter;
    this.#held.clear();
  }

  /** The node's latest template of a reservation. Others stay if they are among the `wanted` ones. */
  takeHeld(head: TemplateHead, content: HeldContent, wanted: readonly Reservation[]): void {
    this.#clock = clockOf(head);
    for (const key of this.#held.keys()) if (!wanted.some((one) => one.key === key)) this.#held.delete(key);
    this.#held.set(reservation(content.reserve).key, content);
  }

  /** Whether a client might be given this. */
  has(content: HeldContent): boolean {
    return this.#held.get(reservation(content.reserve).key) === content;
  }

  /**
   * The best work for a need: the template of its reservation, else what a whole one leaves, else, where `anyCover`, the
   * held one that keeps free little more than needed.
   */
  contentFor({ space, reservation: { key }, reservation: own }: Need, anyCover: boolean): TemplateContent | undefined {
    const best = this.#held.get(key) ?? this.#whole?.fit(own);
    if (best !== undefined || !anyCover) return best;
    const covering = [...this.#held.values()].filter(({ reserve }) => covers(reserve, space));
    return covering.toSorted((a, b) => compareSpaces(a.reserve, b.reserve))[0];
  }

  /** The current time by the node's clock, and never below what consensus allows: unix seconds. Spec §7.3. */
  headerTimestamp(nowMs: number): number {
    const { readAtMs, curtime, mintime } = this.#clock;
    return Math.max(mintime, curtime + Math.floor(Math.max(0, nowMs - readAtMs) / 1000));
  }
}

function clockOf({ receivedAtMs, curtime, mintime }: TemplateHead): NodeClock {
  return { readAtMs: receivedAtMs, curtime, mintime };
}

function prepareAhead(
  rules: ChainRules,
  height: number,
  version: number,
  subsidy: bigint,
): TemplateContent | undefined {
  return keepsDifficulty(rules, height)
    ? emptyContent(height, version, nextSubsidy(rules, height, subsidy))
    : undefined;
}
