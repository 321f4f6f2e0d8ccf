import { type Confirmation, isTrusted } from '@sv2kit/bitcoin-node';
import type { Clock, Logger } from '@sv2kit/net';
import type { BlockNode } from './block-nodes.ts';
import { TEMPLATE_SOURCE_LIMITS as LIMITS } from './limits.ts';

/** A block that is looked for until it is settled. */
export interface WatchedBlock {
  /** Internal byte order. */
  readonly hash: Uint8Array;
  /** As explorers show it. */
  readonly name: string;
  readonly height: number;
}

/** What the nodes say of a block. The one with the highest tip of those that know the block has the word. */
export type Sighting =
  | { readonly kind: 'in-chain'; readonly confirmations: number; readonly by: string }
  /** It is known, and another is in its place; `depth`: how many blocks of the best chain are on that. */
  | { readonly kind: 'beside'; readonly by: string; readonly depth: number }
  /** `depth` is 0 when it may be there for all that is known. */
  | { readonly kind: 'unknown'; readonly by: string; readonly depth: number };

export interface BlockWatchDeps {
  readonly nodes: readonly BlockNode[];
  readonly clock: Clock;
  readonly log: Logger;
  /** @returns whether the block is settled, and is looked for no more */
  onSighting(block: WatchedBlock, sighting: Sighting): boolean;
  /** A node that can be asked does not know a block. */
  onUnknown(block: WatchedBlock, node: BlockNode): void;
}

interface Entry {
  readonly block: WatchedBlock;
  /** Ticks since it was found, or taken up again. */
  age: number;
  /** At which age it is looked for next. */
  dueAt: number;
  isAsked: boolean;
}

interface Answer {
  readonly node: BlockNode;
  readonly tipHeight: number;
  readonly confirmation: Confirmation;
}

const TICK_MS = 1_000;

/**
 * Looks for blocks in the nodes' best chains: soon after they were found, then every minute, and at every new tip; until
 * each is settled. Counts time by its own ticks, whatever is done to the clock.
 */
export class BlockWatch {
  readonly #deps: BlockWatchDeps;
  readonly #entries = new Map<string, Entry>();
  readonly #silent = new Set<string>();
  #ticker: Disposable | undefined;

  constructor(deps: BlockWatchDeps) {
    this.#deps = deps;
  }

  /** A block was found just now, or in an earlier run. */
  add(block: WatchedBlock): void {
    const { nodes, clock } = this.#deps;
    if (nodes.length === 0 || this.#entries.has(block.name)) return;
    this.#entries.set(block.name, { block, age: 0, dueAt: dueAfter(0), isAsked: false });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > LIMITS.watchedBlocks && oldest !== undefined) this.#entries.delete(oldest);
    this.#ticker ??= clock.every(TICK_MS, () => this.#tick());
  }

  /** There is another best block: it may confirm one, or orphan it. Nodes may hear of it a little later. */
  onTip(): void {
    for (const entry of this.#entries.values()) {
      entry.dueAt = Math.min(entry.dueAt, entry.age + LIMITS.tipSettledMs / TICK_MS);
      this.#run(this.#ask(entry));
    }
  }

  /** What nodes say after it goes unheard. */
  close(): void {
    this.#ticker?.[Symbol.dispose]();
    this.#entries.clear();
  }

  /** Parents before their children: whoever has lost several blocks gets them in order. */
  #tick(): void {
    const due = Array.from(this.#entries.values()).filter((entry) => {
      entry.age += 1;
      return entry.age >= entry.dueAt;
    });
    for (const entry of due.toSorted((a, b) => a.block.height - b.block.height)) {
      entry.dueAt = dueAfter(entry.age);
      this.#run(this.#ask(entry));
    }
  }

  async #ask(entry: Entry): Promise<void> {
    if (entry.isAsked) return;
    entry.isAsked = true;
    try {
      const { nodes, onSighting, onUnknown } = this.#deps;
      const answers = (await Promise.all(nodes.map((node) => this.#askNode(node, entry.block)))).flatMap((it) => it);
      if (this.#entries.get(entry.block.name) !== entry) return;
      for (const { node, confirmation } of answers) {
        if (!confirmation.inBestChain && confirmation.height === undefined) onUnknown(entry.block, node);
      }
      const sighting = sightingOf(entry.block, answers);
      if (sighting !== undefined && onSighting(entry.block, sighting)) this.#drop(entry);
    } finally {
      entry.isAsked = false;
    }
  }

  /** What is on the wrong chain, or was never there, says nothing. */
  async #askNode(node: BlockNode, { hash, name, height }: WatchedBlock): Promise<Answer[]> {
    const health = node.health();
    if (!isTrusted(health)) return [];
    try {
      const confirmation = await node.confirm(hash);
      this.#silent.delete(node.name);
      if (height < (confirmation.seenFrom ?? 0)) return [];
      return [{ node, confirmation, tipHeight: health.tipHeight ?? 0 }];
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const told = { hash: name, node: node.name, reason };
      if (this.#silent.has(node.name)) this.#deps.log.debug('a node could not be asked for a block', told);
      else this.#deps.log.warn('a node could not be asked for a block', told);
      this.#silent.add(node.name);
      return [];
    }
  }

  #drop({ block }: Entry): void {
    this.#entries.delete(block.name);
    if (this.#entries.size > 0) return;
    this.#ticker?.[Symbol.dispose]();
    this.#ticker = undefined;
  }

  #run(work: Promise<void>): void {
    work.catch((error: unknown) => this.#deps.log.error('looking for a block failed', { error }));
  }
}

function sightingOf({ height }: WatchedBlock, answers: readonly Answer[]): Sighting | undefined {
  const inOrder = answers.toSorted((a, b) => b.tipHeight - a.tipHeight);
  const knows = ({ confirmation }: Answer): boolean => confirmation.inBestChain || confirmation.height !== undefined;
  const first = inOrder.find(knows) ?? inOrder[0];
  if (first === undefined) return undefined;
  const { node, confirmation, tipHeight } = first;
  if (confirmation.inBestChain) {
    return { kind: 'in-chain', by: node.name, confirmations: Math.max(1, confirmation.confirmations) };
  }
  const depth = Math.max(0, tipHeight - height + 1);
  if (knows(first)) return { kind: 'beside', by: node.name, depth };
  // Who has only watched may have missed it: never so deep that it is settled.
  const most = confirmation.seenFrom === undefined ? depth : 1;
  return { kind: 'unknown', by: node.name, depth: Math.min(depth, most) };
}

/** When a block of that age is looked for next, both in ticks. */
function dueAfter(age: number): number {
  const soon = LIMITS.confirmAfterMs.map((ms) => ms / TICK_MS).find((due) => due > age);
  return soon ?? age + LIMITS.watchEveryMs / TICK_MS;
}
