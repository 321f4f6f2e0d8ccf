import { displayHash, sameBytes } from '@sv2kit/bitcoin';
import type { SubmitResult } from '@sv2kit/bitcoin-node';
import { fromUtf8 } from '@sv2kit/codec';
import { type Clock, type Logger, sleep } from '@sv2kit/daemon';
import type { SolvedJob } from '@sv2kit/declaration';
import type { Events } from '@sv2kit/monitor';
import { type BlockStatus, type Journal, NOT_RECORDED } from '@sv2kit/ledger';
import { JD_SERVER_LIMITS as LIMITS } from './limits.ts';
import type { JdServerMetrics } from './metrics.ts';
import type { JdNode, NodeBench } from './node-bench.ts';

export interface BlockDeskDeps {
  readonly bench: Pick<NodeBench, 'block' | 'nodes' | 'submit'>;
  readonly journal: Pick<Journal, 'append'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<JdServerMetrics, 'blockStatus' | 'blockToNode'>;
  readonly events: Pick<Events, 'emit'>;
  /** Keeps a block that a node has no way to take. @returns where */
  readonly saveBlock: (hash: string, block: Uint8Array) => Promise<string>;
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
}

interface Entry {
  readonly solved: SolvedJob;
  readonly hash: string;
  readonly foundAtMs: number;
  status: Status;
  by: string;
  reason: string;
}

const PATH: BlockReport['path'] = 'declared-full-template';
const SELF = 'jd-server';
const FOUND_VIA = 'push-solution';
/** A block of no channel: the server has none. */
const NO_CHANNEL = 0;

/**
 * Where blocks on declared jobs go: to every node at once, and to disk at the same time. No way waits for another, or
 * fails with it. Then the block is looked for in every node's best chain.
 */
export class BlockDesk {
  readonly #deps: BlockDeskDeps;
  readonly #entries = new Map<string, Entry>();
  /** The latest blocks whole, by hash: a node may lose them. */
  readonly #wholes = new Map<string, Promise<Uint8Array | undefined>>();
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(deps: BlockDeskDeps) {
    this.#deps = deps;
  }

  /** Latest first. */
  list(): BlockReport[] {
    return [...this.#entries.values()]
      .map(({ solved, hash, foundAtMs, status, by, reason }) => ({
        height: solved.height,
        hash,
        path: PATH,
        userIdentity: fromUtf8(solved.userIdentity),
        state: status,
        by,
        reason,
        foundAtMs,
      }))
      .toReversed();
  }

  /** Never throws and never waits. A block that came before, from its finder or from the pool, is not handed on again. */
  found(solved: SolvedJob): void {
    const { bench, log, clock } = this.#deps;
    const hash = displayHash(solved.hash);
    if (this.#entries.has(hash)) return;
    const { handle, header, coinbase, height, userIdentity } = solved;
    const handings = bench.submit(handle, header, coinbase);
    this.#wholes.set(
      hash,
      bench.block(handle, header, coinbase).catch(() => undefined),
    );
    trim(this.#wholes, LIMITS.wholeBlocks);
    const entry: Entry = {
      solved,
      hash,
      foundAtMs: clock.now(),
      status: 'submitted',
      by: SELF,
      reason: '',
    };
    this.#entries.set(hash, entry);
    trim(this.#entries, LIMITS.listedBlocks);
    for (const { node, result } of handings) this.#run(this.#follow(node, result, entry));
    log.info('block found on a declared job', { hash, height, user: fromUtf8(userIdentity), nodes: handings.length });
    this.#journalFound(entry);
    const user = fromUtf8(userIdentity);
    this.#deps.events.emit({ type: 'block-found', hash, height, user, path: PATH, via: FOUND_VIA });
  }

  /** The nodes' best block: one of ours was accepted when it is that. @param hash internal byte order */
  onTip(hash: Uint8Array): void {
    for (const entry of this.#entries.values()) {
      if (sameBytes(entry.solved.hash, hash)) this.#note(entry, 'confirmed', SELF, '');
    }
  }

  /** Resolves when nothing is on its way any more, or after a grace. */
  async close(): Promise<void> {
    this.#closing.abort();
    const { promise, resolve } = Promise.withResolvers<void>();
    using _grace = this.#deps.clock.after(LIMITS.closeGraceMs, resolve);
    await Promise.race([promise, Promise.all(this.#underWay)]);
  }

  #journalFound({ solved, foundAtMs, hash: name }: Entry): void {
    const { hash, header, coinbase, height, userIdentity } = solved;
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
    const isOver = this.#onResult(node, result, entry);
    if (result.kind === 'unable') await this.#save(entry);
    await this.#confirm(node, entry, isOver);
  }

  /** @returns whether there is no use in handing it to this node again */
  #onResult(node: JdNode, result: SubmitResult, entry: Entry): boolean {
    const reason = 'reason' in result ? result.reason : '';
    this.#deps.log.info('a node has answered for a block', {
      hash: entry.hash,
      node: node.name,
      result: result.kind,
      reason,
    });
    switch (result.kind) {
      case 'accepted':
      case 'duplicate':
        this.#note(entry, 'accepted', node.name, result.kind);
        return false;
      case 'rejected':
        this.#note(entry, 'rejected', node.name, reason);
        return true;
      case 'inconclusive':
      case 'unreachable':
        return false;
      case 'unable':
        if (entry.status === 'submitted') Object.assign(entry, { by: node.name, reason });
        return true;
      default:
        return result satisfies never;
    }
  }

  /** For a person to hand it over: `bitcoin-cli submitblock`. */
  async #save({ hash }: Entry): Promise<void> {
    const { log, saveBlock } = this.#deps;
    const block = await this.#wholes.get(hash);
    if (block === undefined) return log.error('a block could not be handed to a node, nor saved', { hash });
    const file = await saveBlock(hash, block);
    log.error('a block could not be handed to a node: hand it over by bitcoin-cli -stdin submitblock', { hash, file });
  }

  /** Asks for an hour, ever more seldom. A node that has lost its last blocks, say by a crash, gets it again. */
  async #confirm(node: JdNode, entry: Entry, isOver: boolean): Promise<void> {
    const { clock, log } = this.#deps;
    for (const afterMs of LIMITS.confirmAfterMs) {
      await sleep(clock, entry.foundAtMs + afterMs - clock.now(), this.#closing.signal);
      if (this.#closing.signal.aborted) return;
      try {
        const { inBestChain, height } = await node.confirm(entry.solved.hash);
        if (inBestChain) this.#note(entry, 'confirmed', node.name, '');
        else if (height !== undefined) this.#note(entry, 'orphaned', node.name, '');
        else if (!isOver) isOver = await this.#handAgain(node, entry);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.warn('a node could not be asked for a block', {
          hash: entry.hash,
          node: node.name,
          reason,
        });
      }
    }
  }

  /** @returns whether there is no use in handing it to this node again */
  async #handAgain(node: JdNode, entry: Entry): Promise<boolean> {
    const block = await this.#wholes.get(entry.hash);
    if (block === undefined) return true;
    this.#deps.log.warn('a node does not know a block: it gets it again', { hash: entry.hash, node: node.name });
    return this.#onResult(node, await node.submitBlock(block, this.#closing.signal), entry);
  }

  /** What is known for sure is not made less sure by another node's first answer. */
  #note(entry: Entry, status: Status, by: string, reason: string): void {
    if (entry.status === status) return;
    const isSettled = entry.status === 'confirmed' || entry.status === 'orphaned';
    if (isSettled && (status === 'accepted' || status === 'rejected')) return;
    if (entry.status === 'accepted' && status === 'rejected') return;
    const { journal, clock, log, metrics, events } = this.#deps;
    if (entry.status === 'submitted' && status === 'accepted') {
      metrics.blockToNode.record(clock.now() - entry.foundAtMs);
    }
    Object.assign(entry, { status, by, reason });
    journal.append({ type: 'BlockStatus', timeMs: clock.now(), hash: entry.solved.hash, status, by, reason });
    metrics.blockStatus.inc({ status, by });
    log.info('block status', { hash: entry.hash, status, by, reason });
    const { hash, solved } = entry;
    events.emit({ type: 'block-status', hash, height: solved.height, status, by, ...(reason !== '' && { reason }) });
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
