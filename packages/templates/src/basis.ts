import { sameBytes, targetFromNbits } from '@sv2kit/bitcoin';
import { type ChainRules, keepsDifficulty, nextSubsidy } from './chain-rules.ts';
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
  /** An empty block on this tip. */
  readonly empty: TemplateContent;
  /** An empty block for the next height, when that can be known before this one is found. */
  readonly ahead: TemplateContent | undefined;
  #clock: NodeClock;
  /** What can be cut to any need. */
  #whole: TemplateFitter | undefined;
  /** Templates that the node holds, by their reservation. */
  readonly #held = new Map<string, HeldContent>();

  private constructor(tip: PublishedTip, empty: TemplateContent, sinceMs: number, clock: NodeClock, rules: ChainRules) {
    this.tip = tip;
    this.height = empty.height;
    this.sinceMs = sinceMs;
    this.empty = empty;
    this.ahead = emptyAfter(empty, rules);
    this.#clock = clock;
  }

  /** A tip on which the node has a template, which is yet to be taken. `subsidy`: in satoshis. */
  static of(head: TemplateHead, subsidy: bigint, nowMs: number, rules: ChainRules): Basis {
    const { prevHash, nbits, target, height, version, receivedAtMs } = head;
    const empty = emptyContent(height, version, subsidy, receivedAtMs);
    return new Basis({ prevHash, nbits, target }, empty, nowMs, clockOf(head), rules);
  }

  /**
   * A tip whose template the node has not built yet, or undefined when not even an empty block can be known: the tip is
   * no child of this one (a reorganisation), or the difficulty changes with the block.
   */
  next(news: NodeTip, nowMs: number, rules: ChainRules): Basis | undefined {
    if (this.ahead === undefined || news.height !== this.height) return undefined;
    if (!sameBytes(news.previousHash, this.tip.prevHash)) return undefined;
    const tip = { prevHash: news.hash, nbits: news.nbits, target: targetFromNbits(news.nbits) };
    return new Basis(tip, this.ahead, nowMs, { ...this.#clock, mintime: news.medianTime + 1 }, rules);
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

  /**
   * The node's latest template of a reservation. Others stay if they are among the `wanted` ones; a whole one does until
   * each of these has its own.
   */
  takeHeld(head: TemplateHead, content: HeldContent, wanted: readonly Reservation[]): void {
    this.#clock = clockOf(head);
    for (const key of this.#held.keys()) if (!wanted.some((one) => one.key === key)) this.#held.delete(key);
    this.#held.set(reservation(content.reserve).key, content);
    // What is of its time has nothing to say to those who come later.
    if (wanted.every(({ key }) => this.#held.has(key))) this.#whole = undefined;
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

/** The empty block of the next height, if its difficulty can be known. */
function emptyAfter({ height, version, valueRemaining, receivedAtMs }: TemplateContent, rules: ChainRules) {
  const next = height + 1;
  return keepsDifficulty(rules, next)
    ? emptyContent(next, version, nextSubsidy(rules, next, valueRemaining), receivedAtMs)
    : undefined;
}
