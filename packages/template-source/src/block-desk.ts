import { displayHash, sameBytes } from '@sv2kit/bitcoin';
import type { Counter } from '@sv2kit/daemon';
import { type BlockStatus, type Journal, nameOfWorker } from '@sv2kit/ledger';
import type { Solution } from '@sv2kit/mining';
import type { FoundBlock } from '@sv2kit/mining-server';
import type { Events } from '@sv2kit/monitor';
import { type BlockNode, BlockNodes, type BlockNodesDeps, isCoinbaseAlone } from './block-nodes.ts';
import {
  type BlockEntry,
  type BlockReport,
  blockReport,
  confirmationsText,
  entryOf,
  restoredEntry,
  type UnsettledBlock,
} from './block-report.ts';
import { BlockWatch, type Sighting } from './block-watch.ts';
import { type BlockWay, type Taken, TEMPLATE_PROVIDER } from './block-way.ts';
import type { LostSolutionReason } from './errors.ts';
import { TEMPLATE_SOURCE_LIMITS as LIMITS } from './limits.ts';
import { templateOf } from './origin.ts';
import { trim } from './trim.ts';

/** What a block desk counts. */
export interface BlockDeskMetrics {
  /** Blocks found, by `via` and `path`. */
  readonly blocksFound: Pick<Counter, 'inc'>;
  /** What became of blocks, by `status` and `by`. */
  readonly blockStatus: Pick<Counter, 'inc'>;
}

export interface BlockDeskDeps extends Omit<BlockNodesDeps, 'onAnswer' | 'nodes'> {
  /** Every one is offered every block. */
  readonly ways: readonly BlockWay[];
  /** Get whole blocks, as far as the transactions are known, and are asked for every block until it is settled. */
  readonly nodes: readonly BlockNode[];
  readonly journal: Pick<Journal, 'append'>;
  readonly events?: Pick<Events, 'emit'> | undefined;
  readonly metrics: BlockDeskMetrics;
}

type Status = BlockStatus['status'];

/** Who hands a block on that nobody here can. */
const FINDER = 'finder';
/** From these a node's first answer makes no block less sure. */
const SURE: ReadonlySet<Status> = new Set(['confirmed', 'orphaned', 'matured']);

/**
 * Where found blocks go: every way there is, and every node, at once. No way waits for another, or fails with it. Then
 * each block is looked for at every new tip, in the nodes' best chains, until its coinbase may be spent: submitted,
 * accepted, confirmed so many times, matured; or orphaned, and back. Without a node it is only known that a tip was ours.
 */
export class BlockDesk {
  readonly #deps: BlockDeskDeps;
  #entries = new Map<string, BlockEntry>();
  readonly #nodes: BlockNodes;
  readonly #watch: BlockWatch;

  constructor(deps: BlockDeskDeps) {
    this.#deps = deps;
    const { nodes, clock, log } = deps;
    this.#nodes = new BlockNodes({ ...deps, onAnswer: this.#note.bind(this) });
    this.#watch = new BlockWatch({
      nodes,
      clock,
      log,
      onSighting: ({ name }, sighting) => this.#onSighting(name, sighting),
      onUnknown: ({ name }, node) => this.#nodes.giveBack(node, name),
    });
  }

  /** Latest first. */
  list(): BlockReport[] {
    return Array.from(this.#entries.values(), blockReport).slice(-LIMITS.listedBlocks).reverse();
  }

  /** Takes up blocks of earlier runs that are not settled; those that it has stay as they are. */
  restore(unsettled: readonly UnsettledBlock[]): void {
    const restored = unsettled
      .flatMap((block) => restoredEntry(block) ?? [])
      .filter(({ name }) => !this.#entries.has(name));
    if (restored.length === 0) return;
    this.#entries = new Map([...restored.map((entry) => [entry.name, entry] as const), ...this.#entries]);
    for (const entry of restored) this.#watch.add(entry);
    const { log, nodes } = this.#deps;
    log.info('blocks of earlier runs are followed', { blocks: restored.length, nodes: nodes.length });
    this.#watch.onTip();
  }

  /** Never throws and never waits. */
  found(block: FoundBlock): void {
    const { log, metrics, ways, events } = this.#deps;
    const { solution, via, path } = block;
    const hash = displayHash(solution.hash);
    if (this.#entries.has(hash)) return;
    const offered = ways.map((way) => ({ name: way.name, taken: this.#offer(way, block, hash) }));
    const entry = entryOf(block, FINDER);
    this.#entries.set(hash, entry);
    trim(this.#entries, LIMITS.watchedBlocks);
    this.#nodes.hand(solution);
    this.#watch.add(entry);
    metrics.blocksFound.inc({ via, path });
    const { user, worker, name } = nameOfWorker(entry.told.userIdentity, entry.told.worker);
    log.info('block found', { hash, height: block.height, path, via, user: name });
    events?.emit({ type: 'block-found', hash, height: block.height, user, worker, path, via });
    this.#noteOffered(entry, solution, offered);
  }

  /** A new best block: one of ours was accepted when it is that. @param prevHash internal byte order. @param by who says so */
  onTip(prevHash: Uint8Array, by: string = TEMPLATE_PROVIDER): void {
    for (const entry of this.#entries.values()) {
      if (!sameBytes(entry.hash, prevHash)) continue;
      if (entry.status !== 'confirmed' && entry.status !== 'matured') this.#confirm(entry, 1, by);
      break;
    }
    this.#watch.onTip();
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
    if (status === 'accepted' || status === 'confirmed' || status === 'matured') {
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

  /** Resolves when every node has had what it is to be given now, however long that takes. */
  settled(): Promise<void> {
    return this.#nodes.settled();
  }

  /** Resolves when nothing is on its way any more, or after a grace. */
  close(): Promise<void> {
    this.#watch.close();
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

  #noteOffered(
    entry: BlockEntry,
    solution: Solution,
    offered: readonly { readonly name: string; readonly taken: Taken }[],
  ): void {
    const { log } = this.#deps;
    const hash = entry.name;
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
    if (offered.some(({ taken }) => taken !== 'not-for-it') || templateOf(solution) !== undefined) return;
    if (isCoinbaseAlone(solution) && this.#nodes.takers > 0) return;
    log.info('only its finder knows the transactions of a block: it is looked for, not handed on', { hash });
    this.#record(entry, 'submitted', FINDER, '');
  }

  /** @returns whether the block is settled */
  #onSighting(name: string, sighting: Sighting): boolean {
    const entry = this.#entries.get(name);
    if (entry === undefined) return true;
    const isSettled = this.#move(entry, sighting);
    if (isSettled) this.#nodes.forget(name);
    return isSettled;
  }

  #move(entry: BlockEntry, sighting: Sighting): boolean {
    const { by } = sighting;
    switch (sighting.kind) {
      case 'in-chain':
        this.#confirm(entry, sighting.confirmations, by);
        return entry.status === 'matured';
      case 'beside':
        if (entry.status !== 'orphaned') this.#record(entry, 'orphaned', by, 'another block is in its place');
        return sighting.depth >= LIMITS.maturity;
      case 'unknown':
        return this.#onUnknown(entry, sighting);
      default:
        return sighting satisfies never;
    }
  }

  /** A node that is not yet as high as the block may have to load it again. @returns whether the block is settled */
  #onUnknown(entry: BlockEntry, { by, depth }: Extract<Sighting, { kind: 'unknown' }>): boolean {
    const isLost = depth >= LIMITS.maturity;
    if (isLost && entry.status !== 'rejected' && entry.status !== 'orphaned') {
      this.#record(entry, 'orphaned', by, 'no node knows it, and others are in its place');
    } else if (depth > 0 && entry.status === 'confirmed') {
      this.#record(entry, 'submitted', by, 'the node has lost it');
    }
    return isLost;
  }

  #confirm(entry: BlockEntry, confirmations: number, by: string): void {
    if (entry.status === 'matured' || (entry.status === 'confirmed' && entry.confirmations === confirmations)) return;
    const status = confirmations >= LIMITS.maturity ? 'matured' : 'confirmed';
    this.#record(entry, status, by, confirmationsText(confirmations), confirmations);
  }

  /** What is known for sure is not made less sure by another node's first answer. */
  #note(hash: string, status: Status, by: string, reason: string): void {
    const entry = this.#entries.get(hash);
    if (entry === undefined || entry.status === status) return;
    if (SURE.has(entry.status) && (status === 'accepted' || status === 'rejected')) return;
    this.#record(entry, status, by, reason);
  }

  #record(entry: BlockEntry, status: Status, by: string, reason: string, confirmations = 0): void {
    const { journal, clock, log, metrics, events } = this.#deps;
    const { name: hash, height } = entry;
    const isDeeper = entry.status === status && status === 'confirmed';
    Object.assign(entry, { status, by, confirmations });
    journal.append({ type: 'BlockStatus', timeMs: clock.now(), hash: entry.hash, status, by, reason });
    if (isDeeper) return log.debug('block status', { hash, status, by, reason });
    metrics.blockStatus.inc({ status, by });
    log.info('block status', { hash, status, by, reason });
    const told = { type: 'block-status', hash, height, status, by } as const;
    const more = { ...(reason === '' ? {} : { reason }), ...(confirmations === 0 ? {} : { confirmations }) };
    events?.emit({ ...told, ...more });
  }
}
