import { displayHash, encodeBlock } from '@sv2kit/bitcoin';
import type { MiningNode } from '@sv2kit/bitcoin-node';
import { sleep } from '@sv2kit/daemon';
import type { BlockStatus } from '@sv2kit/ledger';
import type { Solution } from '@sv2kit/mining';
import type { Clock, Logger } from '@sv2kit/net';
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
  readonly clock: Clock;
  readonly log: Logger;
  /** A node says of a block what has become of it. @param hash as explorers show it */
  onAnswer(hash: string, status: BlockStatus['status'], by: string, reason: string): void;
}

/** Hands found blocks to nodes, whole, as far as the transactions are known, and asks every node for every block. */
export class BlockNodes {
  readonly #deps: BlockNodesDeps;
  /** The transactions of the latest blocks, by hash. */
  readonly #rests = new Map<string, readonly Uint8Array[]>();
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
    const hash = displayHash(solution.hash);
    for (const node of this.#deps.nodes) this.#run(this.#handTo(node, solution, hash));
  }

  /** Every node gets the block once more. @returns false when its transactions are not known */
  handAgain(solution: Solution): boolean {
    const hash = displayHash(solution.hash);
    const rest = this.#rests.get(hash) ?? this.#knownRest(solution);
    if (rest === undefined) return false;
    for (const node of this.#deps.nodes) this.#run(this.#submit(node, solution, hash, rest).then(() => {}));
    return true;
  }

  /** Resolves when nothing is on its way any more, or after a grace. */
  async close(): Promise<void> {
    const { clock } = this.#deps;
    const { promise, resolve } = Promise.withResolvers<void>();
    using _grace = clock.after(TEMPLATE_SOURCE_LIMITS.closeGraceMs, resolve);
    this.#closing.abort();
    await Promise.race([promise, Promise.all(this.#underWay)]);
  }

  async #handTo(node: BlockNode, solution: Solution, hash: string): Promise<void> {
    const rest = await this.#transactionsOf(solution);
    if (rest !== undefined) {
      this.#rests.set(hash, rest);
      trim(this.#rests, TEMPLATE_SOURCE_LIMITS.wholeBlocks);
      const again = await this.#submit(node, solution, hash, rest);
      return await this.#confirm(node, solution, hash, again);
    }
    if (templateOf(solution) !== undefined) {
      this.#deps.log.warn('a block could not be handed to a node: its transactions did not come', {
        hash,
        node: node.name,
      });
    }
    await this.#confirm(node, solution, hash, false);
  }

  /** @returns whether the node may be given it once more: it has not said that it is no block, nor that it takes none */
  async #submit(node: BlockNode, { header, coinbase }: Solution, hash: string, rest: readonly Uint8Array[]) {
    const { onAnswer, log } = this.#deps;
    const result = await node.submitBlock(encodeBlock(header, coinbase, rest));
    const reason = 'reason' in result ? result.reason : '';
    const taken = result.kind === 'accepted' || result.kind === 'duplicate';
    if (taken) onAnswer(hash, 'accepted', node.name, result.kind);
    else if (result.kind === 'rejected') onAnswer(hash, 'rejected', node.name, reason);
    const told = { hash, node: node.name, result: result.kind, reason };
    // Health says that of the node already, once.
    if (result.kind === 'unable') log.debug('a node has no way to take a block', told);
    else log.info('a node has answered for a block', told);
    return result.kind !== 'rejected' && result.kind !== 'unable';
  }

  /**
   * Asks for an hour, ever more seldom: a block may be orphaned after it was confirmed, and a node that has lost its last
   * blocks, say by a crash, gets it again. @param again whether it may be handed over again
   */
  async #confirm(node: BlockNode, solution: Solution, hash: string, again: boolean) {
    const { clock, log, onAnswer } = this.#deps;
    const start = clock.now();
    let isConfirmed = false;
    for (const afterMs of TEMPLATE_SOURCE_LIMITS.confirmAfterMs) {
      await sleep(clock, start + afterMs - clock.now(), this.#closing.signal);
      if (this.#closing.signal.aborted) return;
      try {
        const { inBestChain, height } = await node.confirm(solution.hash);
        if (inBestChain) onAnswer(hash, 'confirmed', node.name, '');
        else if (height !== undefined) onAnswer(hash, 'orphaned', node.name, '');
        else {
          if (isConfirmed) onAnswer(hash, 'submitted', node.name, 'the node has lost it');
          if (again) again = await this.#submitAgain(node, solution, hash);
        }
        isConfirmed = inBestChain;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.warn('a node could not be asked for a block', { hash, node: node.name, reason });
      }
    }
  }

  /** @returns whether that may be done once more */
  async #submitAgain(node: BlockNode, solution: Solution, hash: string): Promise<boolean> {
    const rest = this.#rests.get(hash);
    if (rest === undefined) return false;
    this.#deps.log.warn('a node does not know a block: it gets it again', { hash, node: node.name });
    return await this.#submit(node, solution, hash, rest);
  }

  #knownRest(solution: Solution): readonly Uint8Array[] | undefined {
    if (isCoinbaseAlone(solution)) return [];
    const template = templateOf(solution);
    return template === undefined ? undefined : this.#deps.transactions?.get(template)?.data;
  }

  async #transactionsOf(solution: Solution): Promise<readonly Uint8Array[] | undefined> {
    if (isCoinbaseAlone(solution)) return [];
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
