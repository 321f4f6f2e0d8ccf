import type { NodeTemplate } from '../node.ts';
import type { ChainView } from './chain-view.ts';
import { LEAST_PEERS, median } from './judge.ts';

/** For so long a template's time has the word: it is what is mined with. */
const TEMPLATE_MS = 120_000;
/** A rounded clock, and the way of an answer. */
const SLACK_SECONDS = 1;

/** Compares this machine's clock with the node's and its peers'. Seconds. */
export class ClockWatch {
  readonly #most: number;
  /** This machine's clock less the node's. */
  #ahead: number | undefined;
  /** When a template last said so, unix ms. */
  #templateAtMs = Number.NEGATIVE_INFINITY;
  /** The node's less its peers'. */
  #nodeAhead: number | undefined;

  /** @param most seconds by which clocks may differ */
  constructor(most: number) {
    this.#most = most + SLACK_SECONDS;
  }

  /** A template's time is the node's, unless the blocks before it are later: then it is the earliest that is allowed. */
  sawTemplate({ receivedAtMs, curtime, mintime }: Pick<NodeTemplate, 'receivedAtMs' | 'curtime' | 'mintime'>): void {
    const ahead = Math.floor(receivedAtMs / 1000) - curtime;
    if (curtime <= mintime && ahead <= 0) return;
    this.#ahead = ahead;
    this.#templateAtMs = receivedAtMs;
  }

  /** @param nowMs when the answer was here */
  sawChain({ peerOffsets, nodeTimeMs }: ChainView, nowMs: number): void {
    const isTemplateOld = Math.abs(nowMs - this.#templateAtMs) > TEMPLATE_MS;
    if (nodeTimeMs !== undefined && isTemplateOld) this.#ahead = Math.round((nowMs - nodeTimeMs) / 1000);
    const offset = peerOffsets.length < LEAST_PEERS ? undefined : median(peerOffsets);
    this.#nodeAhead = offset === undefined ? undefined : -offset;
  }

  /** What is wrong with which clock, for a person. */
  trouble(): string | undefined {
    const ahead = this.#ahead ?? 0;
    const nodeAhead = this.#nodeAhead ?? 0;
    if (Math.abs(ahead) > this.#most) {
      const beside = this.#nodeAhead === undefined ? '' : `, whose own is ${words(nodeAhead, "its peers'")}`;
      return `this machine's clock is ${words(ahead, "the node's")}${beside}`;
    }
    if (Math.abs(nodeAhead) > this.#most) return `the node's clock is ${words(nodeAhead, "its peers'")}`;
    return undefined;
  }
}

function words(ahead: number, whose: string): string {
  return ahead === 0 ? `that of ${whose}` : `${Math.abs(ahead)} s ${ahead < 0 ? 'behind' : 'ahead of'} ${whose}`;
}
