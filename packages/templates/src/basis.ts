import { sameBytes, targetFromNbits } from '@sv2kit/bitcoin';
import { type ChainRules, keepsDifficulty, nextSubsidy } from './chain-rules.ts';
import type { CoinbaseSpace } from './coinbase-space.ts';
import { emptyTemplate, type FittedTemplate, TemplateFitter } from './fitting.ts';
import type { NodeTemplate, NodeTip } from './node-template.ts';
import type { SharedTransactions } from './shared-transactions.ts';
import type { PublishedTip } from './template-book.ts';

/** The node's clock as last read: `curtime` (unix seconds) was its time at `readAtMs` (unix ms of the host). */
interface NodeClock {
  readonly readAtMs: number;
  readonly curtime: number;
  /** Earliest time of the block to be mined, unix seconds. */
  readonly mintime: number;
}

/** The best work there is on one tip: what every message to a client is made from. */
export interface Basis {
  readonly tip: PublishedTip;
  /** Of the block to be mined. */
  readonly height: number;
  readonly version: number;
  readonly clock: NodeClock;
  /** Of the block to be mined, in satoshis. */
  readonly subsidy: bigint;
  contentFor(space: CoinbaseSpace): FittedTemplate;
  /** An empty block for the next height, when that can be known before this one is found. */
  readonly ahead: FittedTemplate | undefined;
}

/** The work of a node's template. */
export function fullBasis(template: NodeTemplate, shelf: SharedTransactions, rules: ChainRules): Basis {
  const fitter = new TemplateFitter(template, shelf.share(template.transactions));
  const { height, version, prevHash, nbits, target, curtime, mintime, receivedAtMs } = template;
  return {
    tip: { prevHash, nbits, target },
    height,
    version,
    clock: { readAtMs: receivedAtMs, curtime, mintime },
    subsidy: fitter.subsidy,
    contentFor: (space) => fitter.fit(space),
    ahead: prepareAhead(rules, height + 1, fitter.subsidy),
  };
}

/**
 * An empty block on a tip whose template the node has not built yet, or undefined when it cannot be known: the tip
 * is no child of the basis' own (a reorganisation), or the difficulty changes with the block.
 */
export function emptyBasis(basis: Basis, tip: NodeTip, rules: ChainRules): Basis | undefined {
  const content = basis.ahead;
  if (content === undefined || tip.height !== basis.height) return undefined;
  if (!sameBytes(tip.previousHash, basis.tip.prevHash)) return undefined;
  const height = tip.height + 1;
  return {
    tip: { prevHash: tip.hash, nbits: tip.nbits, target: targetFromNbits(tip.nbits) },
    height,
    version: basis.version,
    clock: { ...basis.clock, mintime: tip.medianTime + 1 },
    subsidy: content.valueRemaining,
    contentFor: () => content,
    ahead: prepareAhead(rules, height + 1, content.valueRemaining),
  };
}

/** The current time by the node's clock, and never below what consensus allows: unix seconds. Spec §7.3. */
export function headerTimestamp({ clock }: Basis, nowMs: number): number {
  return Math.max(clock.mintime, clock.curtime + Math.floor(Math.max(0, nowMs - clock.readAtMs) / 1000));
}

function prepareAhead(rules: ChainRules, height: number, subsidy: bigint): FittedTemplate | undefined {
  return keepsDifficulty(rules, height) ? emptyTemplate(nextSubsidy(rules, height, subsidy)) : undefined;
}
