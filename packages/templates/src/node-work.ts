import { sameBytes } from '@sv2kit/bitcoin';
import { Basis, WHOLE } from './basis.ts';
import type { ChainRules } from './chain-rules.ts';
import { TemplateFitter } from './fitting.ts';
import type { HeldContent } from './content.ts';
import type { HeldTemplates } from './held-templates.ts';
import type { HeldTemplate, NodeTip, WholeTemplate } from './node-template.ts';
import { type Reservation, reservation } from './reservations.ts';
import type { SharedTransactions } from './shared-transactions.ts';

type State<T> =
  | { readonly phase: 'waiting' }
  | {
      /** announced: there is an empty block on a tip whose template is not there yet. */
      readonly phase: 'serving' | 'announced';
      readonly basis: Basis;
      /** The tips before this one, latest first: templates on them may just be late. */
      readonly outrun: readonly Uint8Array[];
      /** Templates that came late while there is none of the announced tip, by variant. */
      readonly late: Map<string, T>;
    };

/** What a template changed. */
export type News =
  /** It is late: nothing. */
  | 'late'
  /** More or other work on the same tip. */
  | 'same'
  /** The first template of an announced tip. */
  | 'full'
  | 'tip'
  /** There was no work before it. */
  | 'first'
  /** Another difficulty on the same tip. */
  | 'nbits';

/** How many tips back a late template may be. */
const OUTRUN_TIPS = 8;

export interface NodeWorkOptions<H extends HeldTemplate> {
  readonly rules: ChainRules;
  /** How long a template on a tip that was left counts as late, and not as a reorganisation. */
  readonly lateTemplateMs: number;
  readonly shelf: SharedTransactions;
  readonly held: HeldTemplates<H>;
}

/** Follows what the node says of tips and templates: which work is the best there is. */
export class NodeWork<H extends HeldTemplate> {
  readonly #options: NodeWorkOptions<H>;
  #state: State<WholeTemplate | H> = { phase: 'waiting' };

  constructor(options: NodeWorkOptions<H>) {
    this.#options = options;
  }

  get phase(): State<H>['phase'] {
    return this.#state.phase;
  }

  get basis(): Basis | undefined {
    return this.#state.phase === 'waiting' ? undefined : this.#state.basis;
  }

  /** Whether a client may yet be given this held template. */
  has(template: H, content: HeldContent): boolean {
    if (this.#state.phase === 'waiting') return false;
    return this.#state.basis.has(content) || [...this.#state.late.values()].includes(template);
  }

  /** A template of the node. `wanted`: the reservations whose variants stay beside it. */
  take(template: WholeTemplate | H, nowMs: number, wanted: readonly Reservation[]): News {
    if (!this.#isLate(template, nowMs)) return this.#adopt(template, nowMs, wanted);
    if (this.#state.phase === 'announced') {
      this.#state.late.set(variantOf(template), template);
      if (template.kind === 'held') this.#options.held.contentOf(template);
    }
    return 'late';
  }

  /** The announced tip's template has not come for so long that the late ones are the best there is. */
  takeLate(nowMs: number, wanted: readonly Reservation[]): News {
    const state = this.#state;
    if (state.phase !== 'announced' || nowMs - state.basis.sinceMs < this.#options.lateTemplateMs) return 'late';
    const [first, ...others] = [...state.late.values()].map((template) => this.#adopt(template, nowMs, wanted));
    return others.find((news) => news === 'tip') ?? first ?? 'late';
  }

  /** The tip of a held template, if it is the first that is heard of it and follows the current one by its height. */
  tipOf(template: WholeTemplate | H): NodeTip | undefined {
    const { basis } = this;
    const { kind, prevHash, height, nbits, mintime } = template;
    if (basis === undefined || kind === 'whole' || height !== basis.height + 1) return undefined;
    // An empty block is as good whatever its grandparent is.
    const previousHash = basis.tip.prevHash;
    return { hash: prevHash, previousHash, height: height - 1, nbits, medianTime: mintime - 1 };
  }

  /** waiting | serving | announced -> announced, if an empty block can be known for the tip. */
  announce(tip: NodeTip, nowMs: number): boolean {
    const before = this.#state;
    const basis = before.phase === 'waiting' ? undefined : before.basis.next(tip, nowMs, this.#options.rules);
    if (basis === undefined) return false;
    this.#state = { phase: 'announced', basis, outrun: outrunBy(before, tip.hash), late: new Map() };
    return true;
  }

  /** -> waiting */
  withdraw(): void {
    this.#state = { phase: 'waiting' };
  }

  /**
   * A template on a tip that was left a moment ago, or of the difficulty before, by a stream of the node that is behind
   * the others: each stream by itself is in order.
   */
  #isLate(template: WholeTemplate | H, nowMs: number): boolean {
    const state = this.#state;
    if (state.phase === 'waiting') return false;
    const { basis, outrun } = state;
    const isOutrun = outrun.some((tip) => sameBytes(tip, template.prevHash));
    if (state.phase === 'announced') return isOutrun;
    if (basis.variants.has(variantOf(template))) return false;
    if (isOutrun) return nowMs - basis.sinceMs < this.#options.lateTemplateMs;
    return sameBytes(basis.tip.prevHash, template.prevHash) && !basis.isOf(template) && basis.isAfter(template);
  }

  /** -> serving */
  #adopt(template: WholeTemplate | H, nowMs: number, wanted: readonly Reservation[]): News {
    const before = this.#state;
    const known = before.phase === 'serving' && before.basis.isOf(template) ? before.basis : undefined;
    const basis = this.#add(known, template, nowMs, wanted);
    this.#options.shelf.keepOnly(basis.variants);
    if (basis === known) return 'same';
    this.#state = { phase: 'serving', basis, outrun: outrunBy(before, template.prevHash), late: new Map() };
    if (before.phase === 'waiting') return 'first';
    if (!sameBytes(template.prevHash, before.basis.tip.prevHash)) return 'tip';
    return before.basis.isOf(template) ? 'full' : 'nbits';
  }

  #add(known: Basis | undefined, template: WholeTemplate | H, nowMs: number, wanted: readonly Reservation[]): Basis {
    const { rules, shelf, held } = this.#options;
    if (template.kind === 'held') {
      const basis = known ?? Basis.of(template, template.coinbaseValue - template.fees, nowMs, rules);
      basis.takeHeld(template, held.contentOf(template), wanted);
      return basis;
    }
    const fitter = new TemplateFitter(template, shelf.share(WHOLE, template.transactions));
    const basis = known ?? Basis.of(template, fitter.subsidy, nowMs, rules);
    basis.takeWhole(template, fitter);
    return basis;
  }
}

/** What a template replaces on its tip. */
function variantOf(template: WholeTemplate | HeldTemplate): string {
  return template.kind === 'held' ? reservation(template.reserve).key : WHOLE;
}

function outrunBy<T>(before: State<T>, now: Uint8Array): readonly Uint8Array[] {
  if (before.phase === 'waiting') return [];
  const tips = [before.basis.tip.prevHash, ...before.outrun].filter((tip) => !sameBytes(tip, now));
  return tips.slice(0, OUTRUN_TIPS);
}
