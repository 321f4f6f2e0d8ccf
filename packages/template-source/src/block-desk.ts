import { sleep } from '@sv2kit/daemon';
import { displayHash, encodeBlock, sameBytes } from '@sv2kit/bitcoin';
import type { MiningNode } from '@sv2kit/bitcoin-node';
import { fromUtf8 } from '@sv2kit/codec';
import type { Counter } from '@sv2kit/daemon';
import type { BlockStatus, Journal } from '@sv2kit/ledger';
import type { Solution } from '@sv2kit/mining';
import type { FoundBlock } from '@sv2kit/mining-server';
import type { Clock, Logger } from '@sv2kit/net';
import { type BlockReport, blockReport } from './block-report.ts';
import { type BlockWay, type Taken, TEMPLATE_PROVIDER } from './block-way.ts';
import type { LostSolutionReason } from './errors.ts';
import { TEMPLATE_SOURCE_LIMITS } from './limits.ts';
import { templateOf } from './origin.ts';
import type { TransactionStore } from './transaction-store.ts';

/** A node as found blocks need it. */
export type BlockNode = Pick<MiningNode, 'close' | 'confirm' | 'health' | 'name' | 'submitBlock'>;

/** What a block desk counts. */
export interface BlockDeskMetrics {
  /** Blocks found, by `via` and `path`. */
  readonly blocksFound: Pick<Counter, 'inc'>;
  /** What became of blocks, by `status` and `by`. */
  readonly blockStatus: Pick<Counter, 'inc'>;
}

export interface BlockDeskDeps {
  /** Every one is offered every block. */
  readonly ways: readonly BlockWay[];
  /** Get whole blocks, as far as the transactions are known, and are asked for every block. */
  readonly nodes: readonly BlockNode[];
  /** Undefined when there are no nodes. */
  readonly transactions: TransactionStore | undefined;
  readonly journal: Pick<Journal, 'append'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: BlockDeskMetrics;
}

type Status = BlockStatus['status'];

interface Entry {
  readonly block: FoundBlock;
  readonly hash: string;
  status: Status;
  by: string;
}

/** Who hands a block on that nobody here can. */
const FINDER = 'finder';

/**
 * Where found blocks go: every way there is, and every node, at once. No way waits for another, or fails with it. Then
 * the block is looked for: in every node's best chain, and behind every new tip.
 */
export class BlockDesk {
  readonly #deps: BlockDeskDeps;
  readonly #entries = new Map<string, Entry>();
  /** The transactions of the latest blocks, by hash. */
  readonly #rests = new Map<string, readonly Uint8Array[]>();
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(deps: BlockDeskDeps) {
    this.#deps = deps;
  }

  /** Latest first. */
  list(): BlockReport[] {
    return [...this.#entries.values()]
      .map(({ block, hash, status, by }) => blockReport(block, hash, status, by))
      .reverse();
  }

  /** Never throws and never waits. */
  found(block: FoundBlock): void {
    const { log, metrics, ways, nodes } = this.#deps;
    const { solution, via, path } = block;
    const hash = displayHash(solution.hash);
    if (this.#entries.has(hash)) return;
    const offered = ways.map((way) => ({ name: way.name, taken: this.#offer(way, block, hash) }));
    const entry: Entry = { block, hash, status: 'submitted', by: FINDER };
    this.#entries.set(hash, entry);
    trim(this.#entries, TEMPLATE_SOURCE_LIMITS.listedBlocks);
    for (const node of nodes) this.#run(this.#handTo(node, solution, hash));
    metrics.blocksFound.inc({ via, path });
    log.info('block found', { hash, height: block.height, path, via, user: fromUtf8(block.userIdentity) });
    this.#noteOffered(entry, offered);
  }

  /** A new best block: one of ours was accepted when it is that. @param prevHash internal byte order */
  onTip(prevHash: Uint8Array): void {
    for (const entry of this.#entries.values()) {
      if (!sameBytes(entry.block.solution.hash, prevHash)) continue;
      if (entry.status !== 'confirmed') this.#record(entry, 'confirmed', TEMPLATE_PROVIDER, '');
      return;
    }
  }

  /** No template provider can use this solution any more: the nodes get the block once more, whole. */
  lost(solution: Solution, reason: LostSolutionReason): void {
    const { nodes, log } = this.#deps;
    const hash = displayHash(solution.hash);
    const status = this.#entries.get(hash)?.status;
    if (status === 'accepted' || status === 'confirmed') {
      log.info('a block may have missed its template provider, and needs it no more', { hash, reason, status });
      return;
    }
    const rest = this.#rests.get(hash) ?? this.#knownRest(solution);
    if (nodes.length === 0 || rest === undefined) {
      const why = nodes.length === 0 ? 'there is no node to hand it to' : 'its transactions are not known';
      log.error('a block may have missed its template provider, and be lost', { hash, reason, why });
      return;
    }
    log.warn('a block may have missed its template provider: the nodes get it whole', { hash, reason });
    for (const node of nodes) this.#run(this.#submit(node, solution, hash, rest).then(() => {}));
  }

  /** Resolves when nothing is on its way any more, or after a grace. */
  async close(): Promise<void> {
    const { clock } = this.#deps;
    const { promise, resolve } = Promise.withResolvers<void>();
    using _grace = clock.after(TEMPLATE_SOURCE_LIMITS.closeGraceMs, resolve);
    this.#closing.abort();
    await Promise.race([promise, Promise.all(this.#underWay)]);
  }

  #offer(way: BlockWay, block: FoundBlock, hash: string): Taken {
    try {
      return way.take(block);
    } catch (error) {
      this.#deps.log.error('a way for a found block failed', { hash, way: way.name, error });
      return 'not-for-it';
    }
  }

  #noteOffered(entry: Entry, offered: readonly { readonly name: string; readonly taken: Taken }[]): void {
    const { log } = this.#deps;
    const { hash } = entry;
    for (const { name, taken } of offered) {
      if (taken === 'sent') this.#record(entry, 'submitted', name, '');
      else if (taken === 'waits') {
        entry.by = name;
        if (name === TEMPLATE_PROVIDER)
          log.warn('the template provider of a block is away: the block waits for it', { hash });
        else log.warn('who a block is to be handed to is away: the block waits for it', { hash, way: name });
      }
    }
    const { solution } = entry.block;
    if (offered.some(({ taken }) => taken !== 'not-for-it') || templateOf(solution) !== undefined) return;
    if (isCoinbaseAlone(solution) && this.#deps.nodes.length > 0) return;
    log.info('only its finder knows the transactions of a block: it is looked for, not handed on', { hash });
    this.#record(entry, 'submitted', FINDER, '');
  }

  async #handTo(node: BlockNode, solution: Solution, hash: string): Promise<void> {
    const rest = await this.#transactionsOf(solution);
    if (rest !== undefined) {
      this.#rests.set(hash, rest);
      trim(this.#rests, TEMPLATE_SOURCE_LIMITS.wholeBlocks);
      const refused = await this.#submit(node, solution, hash, rest);
      return await this.#confirm(node, solution, hash, !refused);
    }
    if (templateOf(solution) !== undefined) {
      this.#deps.log.warn('a block could not be handed to a node: its transactions did not come', {
        hash,
        node: node.name,
      });
    }
    await this.#confirm(node, solution, hash, false);
  }

  /** @returns whether the node says that it is no block */
  async #submit(node: BlockNode, { header, coinbase }: Solution, hash: string, rest: readonly Uint8Array[]) {
    const result = await node.submitBlock(encodeBlock(header, coinbase, rest));
    const reason = 'reason' in result ? result.reason : '';
    const taken = result.kind === 'accepted' || result.kind === 'duplicate';
    if (taken) this.#note(hash, 'accepted', node.name, result.kind);
    else if (result.kind === 'rejected') this.#note(hash, 'rejected', node.name, reason);
    this.#deps.log.info('a node has answered for a block', { hash, node: node.name, result: result.kind, reason });
    return result.kind === 'rejected';
  }

  /**
   * Asks for an hour, ever more seldom: a block may be orphaned after it was confirmed, and a node that has lost its last
   * blocks, say by a crash, gets it again. @param again whether it may be handed over again
   */
  async #confirm(node: BlockNode, solution: Solution, hash: string, again: boolean) {
    const { clock, log } = this.#deps;
    const start = clock.now();
    for (const afterMs of TEMPLATE_SOURCE_LIMITS.confirmAfterMs) {
      await sleep(clock, start + afterMs - clock.now(), this.#closing.signal);
      if (this.#closing.signal.aborted) return;
      try {
        const { inBestChain, height } = await node.confirm(solution.hash);
        if (inBestChain) this.#note(hash, 'confirmed', node.name, '');
        else if (height !== undefined) this.#note(hash, 'orphaned', node.name, '');
        else if (again) again = await this.#submitAgain(node, solution, hash);
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
    return !(await this.#submit(node, solution, hash, rest));
  }

  /** What is known for sure is not made less sure by another node's first answer. */
  #note(hash: string, status: Status, by: string, reason: string): void {
    const entry = this.#entries.get(hash);
    if (entry === undefined || entry.status === status) return;
    const settled = entry.status === 'confirmed' || entry.status === 'orphaned';
    if (settled && (status === 'accepted' || status === 'rejected')) return;
    this.#record(entry, status, by, reason);
  }

  #record(entry: Entry, status: Status, by: string, reason: string): void {
    const { journal, clock, log, metrics } = this.#deps;
    entry.status = status;
    entry.by = by;
    journal.append({ type: 'BlockStatus', timeMs: clock.now(), hash: entry.block.solution.hash, status, by, reason });
    metrics.blockStatus.inc({ status, by });
    log.info('block status', { hash: entry.hash, status, by, reason });
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
function isCoinbaseAlone({ job }: Solution): boolean {
  return job.merklePath.length === 0;
}

function trim(entries: Map<string, unknown>, most: number): void {
  const [oldest] = entries.keys();
  if (entries.size > most && oldest !== undefined) entries.delete(oldest);
}
