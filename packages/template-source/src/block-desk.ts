import { displayHash, sameBytes } from '@sv2kit/bitcoin';
import { fromUtf8 } from '@sv2kit/codec';
import type { Counter } from '@sv2kit/daemon';
import type { BlockStatus, Journal } from '@sv2kit/ledger';
import type { Solution } from '@sv2kit/mining';
import type { FoundBlock } from '@sv2kit/mining-server';
import type { Clock, Logger } from '@sv2kit/net';
import { type BlockNode, BlockNodes, isCoinbaseAlone } from './block-nodes.ts';
import { type BlockReport, blockReport } from './block-report.ts';
import { type BlockWay, type Taken, TEMPLATE_PROVIDER } from './block-way.ts';
import type { LostSolutionReason } from './errors.ts';
import { TEMPLATE_SOURCE_LIMITS } from './limits.ts';
import { templateOf } from './origin.ts';
import type { TransactionStore } from './transaction-store.ts';
import { trim } from './trim.ts';

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
  readonly #nodes: BlockNodes;

  constructor(deps: BlockDeskDeps) {
    this.#deps = deps;
    const { nodes, transactions, clock, log } = deps;
    const onAnswer = this.#note.bind(this);
    this.#nodes = new BlockNodes({ nodes, transactions, clock, log, onAnswer });
  }

  /** Latest first. */
  list(): BlockReport[] {
    return [...this.#entries.values()]
      .map(({ block, hash, status, by }) => blockReport(block, hash, status, by))
      .reverse();
  }

  /** Never throws and never waits. */
  found(block: FoundBlock): void {
    const { log, metrics, ways } = this.#deps;
    const { solution, via, path } = block;
    const hash = displayHash(solution.hash);
    if (this.#entries.has(hash)) return;
    const offered = ways.map((way) => ({ name: way.name, taken: this.#offer(way, block, hash) }));
    const entry: Entry = { block, hash, status: 'submitted', by: FINDER };
    this.#entries.set(hash, entry);
    trim(this.#entries, TEMPLATE_SOURCE_LIMITS.listedBlocks);
    this.#nodes.hand(solution);
    metrics.blocksFound.inc({ via, path });
    log.info('block found', { hash, height: block.height, path, via, user: fromUtf8(block.userIdentity) });
    this.#noteOffered(entry, offered);
  }

  /** A new best block: one of ours was accepted when it is that. @param prevHash internal byte order. @param by who says so */
  onTip(prevHash: Uint8Array, by: string = TEMPLATE_PROVIDER): void {
    for (const entry of this.#entries.values()) {
      if (!sameBytes(entry.block.solution.hash, prevHash)) continue;
      if (entry.status !== 'confirmed') this.#record(entry, 'confirmed', by, '');
      return;
    }
  }

  /** A way says later what has become of a block that it took. @param hash internal byte order */
  answered(hash: Uint8Array, status: 'accepted' | 'rejected', by: string, reason: string): void {
    this.#note(displayHash(hash), status, by, reason);
  }

  /** No template provider can use this solution any more: the nodes get the block once more, whole. */
  lost(solution: Solution, reason: LostSolutionReason): void {
    const { log } = this.#deps;
    const hash = displayHash(solution.hash);
    const status = this.#entries.get(hash)?.status;
    if (status === 'accepted' || status === 'confirmed') {
      log.info('a block may have missed its template provider, and needs it no more', { hash, reason, status });
      return;
    }
    if (this.#nodes.takers > 0 && this.#nodes.handAgain(solution)) {
      log.warn('a block may have missed its template provider: the nodes get it whole', { hash, reason });
      return;
    }
    const why = this.#nodes.takers === 0 ? 'there is no node that takes it' : 'its transactions are not known';
    log.error('a block may have missed its template provider, and be lost', { hash, reason, why });
  }

  /** Resolves when nothing is on its way any more, or after a grace. */
  close(): Promise<void> {
    return this.#nodes.close();
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
      else if (taken === 'lost')
        log.error('a block cannot be handed to whom it is for, and may be lost', { hash, way: name });
      else if (taken === 'waits') {
        entry.by = name;
        if (name === TEMPLATE_PROVIDER)
          log.warn('the template provider of a block is away: the block waits for it', { hash });
        else log.warn('who a block is to be handed to is away: the block waits for it', { hash, way: name });
      }
    }
    const { solution } = entry.block;
    if (offered.some(({ taken }) => taken !== 'not-for-it') || templateOf(solution) !== undefined) return;
    if (isCoinbaseAlone(solution) && this.#nodes.takers > 0) return;
    log.info('only its finder knows the transactions of a block: it is looked for, not handed on', { hash });
    this.#record(entry, 'submitted', FINDER, '');
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
}
