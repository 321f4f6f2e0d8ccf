import { displayHash, sameBytes } from '@sv2kit/bitcoin';
import type { SubmitResult } from '@sv2kit/bitcoin-node';
import { fromUtf8 } from '@sv2kit/codec';
import type { Clock, Logger } from '@sv2kit/daemon';
import type { SolvedJob } from '@sv2kit/declaration';
import type { Events } from '@sv2kit/monitor';
import { type BlockStatus, type Journal, nameOfWorker, NOT_RECORDED } from '@sv2kit/ledger';
import {
  type BlockStore,
  BlockWatch,
  confirmationsText,
  type Sighting,
  TEMPLATE_SOURCE_LIMITS,
} from '@sv2kit/template-source';
import { JD_SERVER_LIMITS as LIMITS } from './limits.ts';
import type { JournaledBlock } from './journaled-blocks.ts';
import type { JdServerMetrics } from './metrics.ts';
import type { JdNode, NodeBench } from './node-bench.ts';

export interface BlockDeskDeps {
  readonly bench: Pick<NodeBench, 'block' | 'nodes' | 'submit'>;
  readonly journal: Pick<Journal, 'append'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<JdServerMetrics, 'blockStatus' | 'blockToNode'>;
  readonly events: Pick<Events, 'emit'>;
  /** Keeps blocks until they are settled: for a node that loses one, and a person where no node takes any. */
  readonly kept: BlockStore;
}

type Status = BlockStatus['status'];

/** A block as the status shows it. */
export interface BlockReport {
  readonly height: number;
  /** As explorers show it. */
  readonly hash: string;
  readonly path: 'declared-full-template';
  readonly userIdentity: string;
  readonly state: Status;
  /** Who said so: a node, or `jd-server`. */
  readonly by: string;
  readonly reason: string;
  readonly foundAtMs: number;
  /** Blocks of the best chain from it on; absent outside the best chain. */
  readonly confirmations?: number;
}

interface Entry extends JournaledBlock {
  status: Status;
  by: string;
  reason: string;
  confirmations: number;
}

const PATH: BlockReport['path'] = 'declared-full-template';
const SELF = 'jd-server';
const FOUND_VIA = 'push-solution';
/** A block of no channel: the server has none. */
const NO_CHANNEL = 0;
/** From these a node's first answer makes no block less sure. */
const SURE: ReadonlySet<Status> = new Set(['confirmed', 'orphaned', 'matured']);

/**
 * Where blocks on declared jobs go: to every node at once, and to disk at the same time. No way waits for another, or
 * fails with it. Then each is looked for in the nodes' best chains until its coinbase may be spent, over restarts too.
 */
export class BlockDesk {
  readonly #deps: BlockDeskDeps;
  readonly #entries = new Map<string, Entry>();
  /** The latest blocks whole, by hash: a node may lose them. */
  readonly #wholes = new Map<string, Promise<Uint8Array | undefined>>();
  /** Nodes that are not to be given a block once more, by hash and name. */
  readonly #over = new Set<string>();
  readonly #watch: BlockWatch;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(deps: BlockDeskDeps) {
    this.#deps = deps;
    const { bench, clock, log } = deps;
    this.#watch = new BlockWatch({
      nodes: bench.nodes,
      clock,
      log,
      onSighting: ({ name }, sighting) => this.#onSighting(name, sighting),
      onUnknown: ({ name }, node) => this.#run(this.#handAgain(node, name)),
    });
  }

  /** Latest first. */
  list(): BlockReport[] {
    return [...this.#entries.values()]
      .map(({ name, height, userIdentity, foundAtMs, status, by, reason, confirmations }) => ({
        height,
        hash: name,
        path: PATH,
        userIdentity,
        state: status,
        by,
        reason,
        foundAtMs,
        ...(confirmations === 0 ? {} : { confirmations }),
      }))
      .toReversed();
  }

  /** Takes up blocks of earlier runs that are not settled. */
  restore(blocks: readonly JournaledBlock[]): void {
    for (const block of blocks) {
      if (this.#entries.has(block.name)) continue;
      this.#entries.set(block.name, { ...block });
      this.#watch.add(block);
    }
    if (blocks.length > 0) this.#deps.log.info('blocks of earlier runs are followed', { blocks: blocks.length });
    this.#watch.onTip();
  }

  /** Never throws and never waits. A block that came before, from its finder or from the pool, is not handed on again. */
  found(solved: SolvedJob): void {
    const { bench, log, clock } = this.#deps;
    const hash = displayHash(solved.hash);
    if (this.#entries.has(hash)) return;
    const { handle, header, coinbase, height, userIdentity } = solved;
    const handings = bench.submit(handle, header, coinbase);
    const whole = bench.block(handle, header, coinbase).catch(() => undefined);
    this.#wholes.set(hash, whole);
    trim(this.#wholes, LIMITS.wholeBlocks);
    const user = fromUtf8(userIdentity);
    const place = { hash: solved.hash, name: hash, height, userIdentity: user, foundAtMs: clock.now() };
    const entry: Entry = { ...place, status: 'submitted', by: SELF, reason: '', confirmations: 0 };
    this.#entries.set(hash, entry);
    trim(this.#entries, LIMITS.listedBlocks);
    for (const { node, result } of handings) {
      this.#over.add(keyOf(node, hash));
      this.#run(this.#follow(node, result, entry));
    }
    this.#run(this.#save(hash, whole));
    this.#watch.add(entry);
    log.info('block found on a declared job', { hash, height, user, nodes: handings.length });
    this.#journalFound(entry, solved);
    const { user: account, worker } = nameOfWorker(user);
    this.#deps.events.emit({ type: 'block-found', hash, height, user: account, worker, path: PATH, via: FOUND_VIA });
  }

  /** The nodes' best block: one of ours was accepted when it is that. @param hash internal byte order */
  onTip(hash: Uint8Array): void {
    for (const entry of this.#entries.values()) {
      if (sameBytes(entry.hash, hash) && entry.confirmations === 0) this.#confirm(entry, 1, SELF);
    }
    this.#watch.onTip();
  }

  /** Resolves when every node has had what it is to be given now, however long that takes. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** Resolves when nothing is on its way any more, or after a grace. */
  async close(): Promise<void> {
    this.#watch.close();
    this.#closing.abort();
    const { promise, resolve } = Promise.withResolvers<void>();
    using _grace = this.#deps.clock.after(LIMITS.closeGraceMs, resolve);
    await Promise.race([promise, Promise.all(this.#underWay)]);
  }

  #journalFound({ foundAtMs, name }: Entry, { hash, header, coinbase, height, userIdentity }: SolvedJob): void {
    const position = this.#deps.journal.append({
      type: 'BlockFound',
      timeMs: foundAtMs,
      channelKey: NO_CHANNEL,
      height,
      hash,
      header,
      coinbase,
      via: FOUND_VIA,
      path: PATH,
      userIdentity,
    });
    if (position === NOT_RECORDED) this.#deps.log.error('a block was handed on but not recorded', { hash: name });
  }

  async #follow(node: JdNode, handed: Promise<SubmitResult>, entry: Entry): Promise<void> {
    const result = await handed;
    if (this.#onResult(node, result, entry)) this.#over.delete(keyOf(node, entry.name));
    if (result.kind !== 'unable') return;
    const { log } = this.#deps;
    const hash = entry.name;
    const block = await this.#wholes.get(hash);
    if (block === undefined) log.error('a block could not be handed to a node, nor saved', { hash });
    else log.error('a block could not be handed to a node: hand it over by bitcoin-cli -stdin submitblock', { hash });
  }

  /** @returns whether there is use in handing it to this node again */
  #onResult(node: Pick<JdNode, 'name'>, result: SubmitResult, entry: Entry): boolean {
    const reason = 'reason' in result ? result.reason : '';
    const told = { hash: entry.name, node: node.name, result: result.kind, reason };
    this.#deps.log.info('a node has answered for a block', told);
    switch (result.kind) {
      case 'accepted':
      case 'duplicate':
        this.#note(entry, 'accepted', node.name, result.kind);
        return true;
      case 'rejected':
        this.#note(entry, 'rejected', node.name, reason);
        return false;
      case 'inconclusive':
      case 'unreachable':
        return true;
      case 'unable':
        if (entry.status === 'submitted') Object.assign(entry, { by: node.name, reason });
        return false;
      default:
        return result satisfies never;
    }
  }

  async #save(hash: string, whole: Promise<Uint8Array | undefined>): Promise<void> {
    const block = await whole;
    if (block !== undefined) await this.#deps.kept.save(hash, block);
  }

  /** A node that has lost its last blocks, say by a crash, gets them again. @param hash as explorers show it */
  async #handAgain(node: Pick<JdNode, 'name' | 'submitBlock'>, hash: string): Promise<void> {
    const key = keyOf(node, hash);
    const entry = this.#entries.get(hash);
    if (entry === undefined || this.#over.has(key)) return;
    this.#over.add(key);
    const block = (await this.#wholes.get(hash)) ?? (await this.#deps.kept.load(hash));
    if (block === undefined) return;
    this.#deps.log.warn('a node does not know a block: it gets it again', { hash, node: node.name });
    const result = await node.submitBlock(block, this.#closing.signal);
    if (this.#onResult(node, result, entry)) this.#over.delete(key);
  }

  /** @returns whether the block is settled */
  #onSighting(name: string, sighting: Sighting): boolean {
    const entry = this.#entries.get(name);
    if (entry === undefined) return true;
    const isSettled = this.#move(entry, sighting);
    if (isSettled) this.#run(this.#deps.kept.remove(name));
    return isSettled;
  }

  #move(entry: Entry, sighting: Sighting): boolean {
    const { maturity } = TEMPLATE_SOURCE_LIMITS;
    switch (sighting.kind) {
      case 'in-chain':
        this.#confirm(entry, sighting.confirmations, sighting.by);
        return sighting.confirmations >= maturity;
      case 'beside':
        this.#note(entry, 'orphaned', sighting.by, 'another block is in its place');
        return sighting.depth >= maturity;
      case 'unknown':
        if (sighting.depth >= maturity) {
          this.#note(entry, 'orphaned', sighting.by, 'no node knows it, and others are in its place');
        } else if (sighting.depth > 0 && entry.status === 'confirmed') {
          this.#note(entry, 'submitted', sighting.by, 'the node has lost it');
        }
        return sighting.depth >= maturity;
      default:
        return sighting satisfies never;
    }
  }

  #confirm(entry: Entry, confirmations: number, by: string): void {
    if (entry.confirmations === confirmations) return;
    const status = confirmations >= TEMPLATE_SOURCE_LIMITS.maturity ? 'matured' : 'confirmed';
    this.#record(entry, status, by, confirmationsText(confirmations), confirmations);
  }

  /** What is known for sure is not made less sure by another node's first answer. */
  #note(entry: Entry, status: Status, by: string, reason: string): void {
    if (entry.status === status) return;
    if (SURE.has(entry.status) && (status === 'accepted' || status === 'rejected')) return;
    if (entry.status === 'accepted' && status === 'rejected') return;
    if (entry.status === 'submitted' && status === 'accepted') {
      this.#deps.metrics.blockToNode.record(this.#deps.clock.now() - entry.foundAtMs);
    }
    this.#record(entry, status, by, reason, 0);
  }

  #record(entry: Entry, status: Status, by: string, reason: string, confirmations: number): void {
    const { journal, clock, log, metrics, events } = this.#deps;
    const { name: hash, height } = entry;
    const isDeeper = entry.status === status;
    Object.assign(entry, { status, by, reason, confirmations });
    journal.append({ type: 'BlockStatus', timeMs: clock.now(), hash: entry.hash, status, by, reason });
    if (isDeeper) return log.debug('block status', { hash, status, by, reason });
    metrics.blockStatus.inc({ status, by });
    log.info('block status', { hash, status, by, reason });
    const more = { ...(reason !== '' && { reason }), ...(confirmations > 0 && { confirmations }) };
    events.emit({ type: 'block-status', hash, height, status, by, ...more });
  }

  #run(work: Promise<void>): void {
    const watched = work
      .catch((error: unknown) => this.#deps.log.error('a step for a found block failed', { error }))
      .finally(() => this.#underWay.delete(watched));
    this.#underWay.add(watched);
  }
}

function trim(entries: Map<string, unknown>, most: number): void {
  const [oldest] = entries.keys();
  if (entries.size > most && oldest !== undefined) entries.delete(oldest);
}

const keyOf = ({ name }: { readonly name: string }, hash: string): string => `${hash} ${name}`;
