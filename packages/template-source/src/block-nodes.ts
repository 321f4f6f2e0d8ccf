import { displayHash, encodeBlock } from '@sv2kit/bitcoin';
import { isTrusted, type MiningNode } from '@sv2kit/bitcoin-node';
import type { LatencyRecorder } from '@sv2kit/daemon';
import type { BlockStatus } from '@sv2kit/ledger';
import type { Solution } from '@sv2kit/mining';
import type { Clock, Logger } from '@sv2kit/net';
import type { BlockStore } from './block-files.ts';
import { TEMPLATE_SOURCE_LIMITS } from './limits.ts';
import { templateOf } from './origin.ts';
import type { TransactionStore } from './transaction-store.ts';
import { trim } from './trim.ts';

/** A node as found blocks need it. */
export type BlockNode = Pick<MiningNode, 'close' | 'confirm' | 'health' | 'name' | 'submitBlock' | 'takesBlocks'>;

export interface BlockNodesDeps {
  readonly nodes: readonly BlockNode[];
  /** Undefined when there are no nodes. */
  readonly transactions: TransactionStore | undefined;
  /** Where whole blocks are kept; nowhere but in memory when absent. */
  readonly kept?: BlockStore | undefined;
  /** From a block found to the first node that has accepted it, ms. */
  readonly latency?: Pick<LatencyRecorder, 'record'> | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** A node says of a block what has become of it. @param hash as explorers show it */
  onAnswer(hash: string, status: BlockStatus['status'], by: string, reason: string): void;
}

/** Hands found blocks to nodes, whole, as far as the transactions are known, and again to those that have lost them. */
export class BlockNodes {
  readonly #deps: BlockNodesDeps;
  /** The latest blocks, by hash, without what is kept elsewhere. */
  readonly #wholes = new Map<string, Uint8Array>();
  /** Nodes that are not to be given a block once more, by hash and name: they have it in hand, or want none of it. */
  readonly #spared = new Set<string>();
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(deps: BlockNodesDeps) {
    this.#deps = deps;
  }

  /** How many take whole blocks, or may: one that is away is not known not to. */
  get takers(): number {
    return this.#deps.nodes.filter((node) => node.takesBlocks || node.health().state !== 'ok').length;
  }

  /** A block was found: every node gets it at once, or as soon as its transactions are there. */
  hand(solution: Solution): void {
    if (this.#deps.nodes.length > 0) this.#run(this.#handToAll(solution));
  }

  /** Every node gets the block once more. @returns false when its transactions are not known */
  handAgain(solution: Solution): boolean {
    const hash = displayHash(solution.hash);
    const block = this.#wholes.get(hash) ?? wholeOf(solution, this.#knownRest(solution));
    if (block === undefined) return false;
    for (const node of this.#deps.nodes) this.#run(this.#submit(node, hash, block));
    return true;
  }

  /** A node does not know a block that it may be given once more. @param hash as explorers show it */
  giveBack(node: BlockNode, hash: string): void {
    if (!this.#spared.has(keyOf(node, hash))) this.#run(this.#giveBack(node, hash));
  }

  /** A block is settled: nobody needs it any more. */
  forget(hash: string): void {
    this.#wholes.delete(hash);
    for (const node of this.#deps.nodes) this.#spared.delete(keyOf(node, hash));
    const { kept } = this.#deps;
    if (kept !== undefined) this.#run(kept.remove(hash));
  }

  /** Resolves when nothing that is on its way now is so any more, however long a node takes. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** Resolves when nothing is on its way any more, or after a grace. */
  async close(): Promise<void> {
    const { clock } = this.#deps;
    const { promise, resolve } = Promise.withResolvers<void>();
    using _grace = clock.after(TEMPLATE_SOURCE_LIMITS.closeGraceMs, resolve);
    this.#closing.abort();
    await Promise.race([promise, Promise.all(this.#underWay)]);
  }

  async #handToAll(solution: Solution): Promise<void> {
    const { nodes, log, latency, clock, kept } = this.#deps;
    const hash = displayHash(solution.hash);
    const foundAtMs = clock.now();
    for (const node of nodes) this.#spared.add(keyOf(node, hash));
    const rest = this.#knownRest(solution) ?? (await this.#transactionsOf(solution));
    const block = wholeOf(solution, rest);
    if (block === undefined) {
      if (templateOf(solution) !== undefined) {
        log.warn('a block could not be handed to nodes: its transactions did not come', { hash });
      }
      return;
    }
    this.#wholes.set(hash, block);
    trim(this.#wholes, TEMPLATE_SOURCE_LIMITS.wholeBlocks);
    let isTaken = false;
    const onTaken = (): void => {
      if (!isTaken) latency?.record(Math.max(0, clock.now() - foundAtMs));
      isTaken = true;
    };
    for (const node of nodes) this.#run(this.#submit(node, hash, block, onTaken));
    if (kept !== undefined) await kept.save(hash, block);
  }

  async #submit(node: BlockNode, hash: string, block: Uint8Array, onTaken?: () => void): Promise<void> {
    const { onAnswer, log } = this.#deps;
    const key = keyOf(node, hash);
    this.#spared.add(key);
    const result = await node.submitBlock(block);
    const reason = 'reason' in result ? result.reason : '';
    const told = { hash, node: node.name, result: result.kind, reason };
    // Health says that of the node already, once.
    if (result.kind === 'unable') log.debug('a node has no way to take a block', told);
    else log.info('a node has answered for a block', told);
    if (result.kind === 'accepted' || result.kind === 'duplicate') {
      onTaken?.();
      onAnswer(hash, 'accepted', node.name, result.kind);
    } else if (result.kind === 'rejected' && isTrusted(node.health())) {
      onAnswer(hash, 'rejected', node.name, reason);
    }
    if (result.kind !== 'rejected' && result.kind !== 'unable') this.#spared.delete(key);
  }

  async #giveBack(node: BlockNode, hash: string): Promise<void> {
    const { kept, log } = this.#deps;
    this.#spared.add(keyOf(node, hash));
    const block = this.#wholes.get(hash) ?? (await kept?.load(hash));
    if (block === undefined) return;
    log.warn('a node does not know a block: it gets it again', { hash, node: node.name });
    await this.#submit(node, hash, block);
  }

  #knownRest(solution: Solution): readonly Uint8Array[] | undefined {
    if (isCoinbaseAlone(solution)) return [];
    const template = templateOf(solution);
    return template === undefined ? undefined : this.#deps.transactions?.get(template)?.data;
  }

  async #transactionsOf(solution: Solution): Promise<readonly Uint8Array[] | undefined> {
    const { transactions, clock } = this.#deps;
    const template = templateOf(solution);
    if (template === undefined) return undefined;
    const patience = new AbortController();
    using _timer = clock.after(TEMPLATE_SOURCE_LIMITS.transactionsMs, () => patience.abort());
    const stop = AbortSignal.any([this.#closing.signal, patience.signal]);
    return (await transactions?.wait(template, stop))?.data;
  }

  #run(work: Promise<void>): void {
    const watched = work
      .catch((error: unknown) => this.#deps.log.error('a step for a found block failed', { error }))
      .finally(() => this.#underWay.delete(watched));
    this.#underWay.add(watched);
  }
}

/** Such a block is whole, whoever chose it: miners work on empty templates right after a tip. */
export function isCoinbaseAlone({ job }: Solution): boolean {
  return job.merklePath.length === 0;
}

function wholeOf({ header, coinbase }: Solution, rest: readonly Uint8Array[] | undefined): Uint8Array | undefined {
  return rest === undefined ? undefined : encodeBlock(header, coinbase, rest);
}

const keyOf = (node: BlockNode, hash: string): string => `${hash} ${node.name}`;
