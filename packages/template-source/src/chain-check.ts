import { displayHash } from '@sv2kit/bitcoin';
import { isTrusted, type MiningNode } from '@sv2kit/bitcoin-node';
import type { Clock } from '@sv2kit/net';
import { TEMPLATE_SOURCE_LIMITS } from './limits.ts';

/** A node as it is asked which chain a block is of. */
export type ChainNode = Pick<MiningNode, 'confirm' | 'health' | 'name'>;

/** What nodes say of the block that a template provider's work builds on. */
export type ChainVerdict =
  | { readonly kind: 'clear' }
  /** No answer yet, and one of the nodes is on the wrong chain. */
  | { readonly kind: 'asking' }
  /** That node has it, is on the wrong chain itself, and no trusted one has it. */
  | { readonly kind: 'wrong'; readonly by: string };

interface Look {
  /** As explorers show it. */
  readonly hash: string;
  readonly sinceMs: number;
  verdict: ChainVerdict;
  isAsking: boolean;
}

const CLEAR: ChainVerdict = { kind: 'clear' };
const ASKING: ChainVerdict = { kind: 'asking' };

/** Holds what template providers build on against nodes of our own. While none of these is refused, nothing is asked. */
export class ChainCheck {
  readonly #nodes: readonly ChainNode[];
  readonly #clock: Pick<Clock, 'now'>;
  /** The latest of each provider. */
  readonly #looks = new Map<string, Look>();

  constructor(nodes: readonly ChainNode[], clock: Pick<Clock, 'now'>) {
    this.#nodes = nodes;
    this.#clock = clock;
  }

  /**
   * As far as it is known now; asks on. To be called again and again.
   *
   * @param provider its name: one that was on the wrong chain stays so until a node says otherwise
   * @param prevHash what it builds on, internal byte order
   */
  judge(provider: string, prevHash: Uint8Array): ChainVerdict {
    const there = this.#nodes.filter(isThere);
    const before = this.#looks.get(provider);
    if (there.length === 0) return before?.verdict.kind === 'wrong' ? before.verdict : CLEAR;
    if (!there.some(isOnWrongChain)) {
      this.#looks.delete(provider);
      return CLEAR;
    }
    const look = this.#lookOf(provider, displayHash(prevHash));
    if (!look.isAsking) void this.#ask(look, there, prevHash);
    return look.verdict;
  }

  #lookOf(provider: string, hash: string): Look {
    const before = this.#looks.get(provider);
    if (before?.hash === hash) return before;
    const verdict = before?.verdict.kind === 'wrong' ? before.verdict : ASKING;
    const look = { hash, sinceMs: this.#clock.now(), verdict, isAsking: false };
    this.#looks.set(provider, look);
    return look;
  }

  async #ask(look: Look, nodes: readonly ChainNode[], prevHash: Uint8Array): Promise<void> {
    look.isAsking = true;
    const answers = await Promise.allSettled(nodes.map((node) => node.confirm(prevHash)));
    look.isAsking = false;
    const having = nodes.filter((_, index) => {
      const answer = answers[index];
      return answer?.status === 'fulfilled' && answer.value.inBestChain;
    });
    const wrong = having.find(isOnWrongChain);
    if (having.some((node) => isTrusted(node.health()))) look.verdict = CLEAR;
    else if (wrong !== undefined) look.verdict = { kind: 'wrong', by: wrong.name };
    else if (look.verdict.kind !== 'wrong' || this.#isSettled(look, answers)) look.verdict = CLEAR;
  }

  /** Nodes hear of a block one after the other: one that none has yet may be the next of the wrong chain. */
  #isSettled({ sinceMs }: Look, answers: readonly PromiseSettledResult<unknown>[]): boolean {
    const isOld = this.#clock.now() - sinceMs >= TEMPLATE_SOURCE_LIMITS.tipSettledMs;
    return isOld && answers.every(({ status }) => status === 'fulfilled');
  }
}

const isOnWrongChain = (node: ChainNode): boolean => node.health().state === 'wrong-chain';

function isThere(node: ChainNode): boolean {
  const { state } = node.health();
  return state !== 'away' && state !== 'connecting';
}
