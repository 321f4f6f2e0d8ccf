import { displayHash, encodeBlock, sameBytes } from '@sv2kit/bitcoin';
import type { MiningNode } from '@sv2kit/bitcoin-node';
import { fromUtf8 } from '@sv2kit/codec';
import type { BlockStatus, Journal } from '@sv2kit/ledger';
import type { Solution } from '@sv2kit/mining';
import type { FoundBlock } from '@sv2kit/mining-server';
import type { Clock, Logger } from '@sv2kit/net';
import { POOL_LIMITS } from './limits.ts';
import type { PoolMetrics } from './metrics.ts';
import type { TransactionStore } from './transaction-store.ts';

/** A node as found blocks need it. */
export type BlockNode = Pick<MiningNode, 'close' | 'confirm' | 'health' | 'name' | 'submitBlock'>;

export interface BlockDeskDeps {
  readonly nodes: readonly BlockNode[];
  /** Undefined when there are no nodes. */
  readonly transactions: TransactionStore | undefined;
  /** Hands a solution to its template provider. */
  submit(solution: Solution): boolean;
  readonly journal: Pick<Journal, 'append'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<PoolMetrics, 'blocksFound' | 'blockStatus'>;
}

type Status = BlockStatus['status'];

/** A found block as the status shows it. */
export interface BlockReport {
  readonly height: number;
  /** As explorers show it. */
  readonly hash: string;
  readonly path: 'pool-template';
  readonly via: FoundBlock['via'];
  readonly device: string;
  readonly userIdentity: string;
  readonly worker?: string;
  readonly state: Status;
  /** Who said so: a node, or `template-provider`. */
  readonly by: string;
  readonly foundAtMs: number;
}

interface Entry {
  readonly block: FoundBlock;
  readonly hash: string;
  status: Status;
  by: string;
}

const TEMPLATE_PROVIDER = 'template-provider';

/**
 * Where found blocks go: to the provider of their template and to every node at once. No way waits for another, or fails
 * with it. Then the block is looked for: in every node's best chain, and behind every new tip.
 */
export class BlockDesk {
  readonly #deps: BlockDeskDeps;
  readonly #entries = new Map<string, Entry>();
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(deps: BlockDeskDeps) {
    this.#deps = deps;
  }

  /** Latest first. */
  list(): BlockReport[] {
    return [...this.#entries.values()].map(report).reverse();
  }

  /** Never throws and never waits. */
  found(block: FoundBlock): void {
    const { log, metrics, submit, nodes } = this.#deps;
    const hash = displayHash(block.solution.hash);
    if (this.#entries.has(hash)) return;
    const sent = submit(block.solution);
    for (const node of nodes) this.#run(this.#handTo(node, block.solution, hash));
    const entry: Entry = { block, hash, status: 'submitted', by: TEMPLATE_PROVIDER };
    this.#entries.set(hash, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > POOL_LIMITS.listedBlocks && oldest !== undefined) this.#entries.delete(oldest);
    metrics.blocksFound.inc({ via: block.via });
    log.info('block found', { hash, height: block.height, via: block.via, user: fromUtf8(block.userIdentity) });
    if (sent) this.#record(entry, 'submitted', TEMPLATE_PROVIDER, '');
    else log.warn('the template provider of a block is away: the block waits for it', { hash });
  }

  /** A new best block: one of ours was accepted when it is that. */
  onTip(prevHash: Uint8Array): void {
    for (const entry of this.#entries.values()) {
      if (!sameBytes(entry.block.solution.hash, prevHash)) continue;
      if (entry.status !== 'confirmed') this.#record(entry, 'confirmed', TEMPLATE_PROVIDER, '');
      return;
    }
  }

  /** Resolves when nothing is on its way any more, or after a grace. */
  async close(): Promise<void> {
    const { clock } = this.#deps;
    const { promise, resolve } = Promise.withResolvers<void>();
    using _grace = clock.after(POOL_LIMITS.closeGraceMs, resolve);
    this.#closing.abort();
    await Promise.race([promise, Promise.all(this.#underWay)]);
  }

  async #handTo(node: BlockNode, solution: Solution, hash: string): Promise<void> {
    const { log } = this.#deps;
    const rest = await this.#transactionsOf(solution);
    if (rest === undefined) {
      log.warn('a block could not be handed to a node: its transactions did not come', { hash, node: node.name });
    } else {
      const result = await node.submitBlock(encodeBlock(solution.header, solution.coinbase, rest));
      const reason = 'reason' in result ? result.reason : '';
      const taken = result.kind === 'accepted' || result.kind === 'duplicate';
      if (taken) this.#note(hash, 'accepted', node.name, result.kind);
      else if (result.kind === 'rejected') this.#note(hash, 'rejected', node.name, reason);
      log.info('a node has answered for a block', { hash, node: node.name, result: result.kind, reason });
    }
    await this.#confirm(node, solution.hash, hash);
  }

  /** Asks for an hour, ever more seldom: a block may be orphaned after it was confirmed. */
  async #confirm(node: BlockNode, solved: Uint8Array, hash: string): Promise<void> {
    const { clock, log } = this.#deps;
    const start = clock.now();
    for (const afterMs of POOL_LIMITS.confirmAfterMs) {
      await this.#sleep(start + afterMs - clock.now());
      if (this.#closing.signal.aborted) return;
      try {
        const { inBestChain, height } = await node.confirm(solved);
        if (inBestChain) this.#note(hash, 'confirmed', node.name, '');
        else if (height !== undefined) this.#note(hash, 'orphaned', node.name, '');
      } catch (error) {
        log.warn('a node could not be asked for a block', { hash, node: node.name, error });
      }
    }
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

  async #transactionsOf(solution: Solution): Promise<readonly Uint8Array[] | undefined> {
    const { transactions, clock } = this.#deps;
    const patience = new AbortController();
    using _timer = clock.after(POOL_LIMITS.transactionsMs, () => patience.abort());
    const stop = AbortSignal.any([this.#closing.signal, patience.signal]);
    return await transactions?.wait(solution.job.template, stop);
  }

  /** Wakes at once when the desk closes. */
  async #sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    using _timer = this.#deps.clock.after(Math.max(0, ms), wake);
    const { signal } = this.#closing;
    signal.addEventListener('abort', wake, { once: true });
    if (!signal.aborted) await promise;
    signal.removeEventListener('abort', wake);
  }

  #run(work: Promise<void>): void {
    const watched = work
      .catch((error: unknown) => this.#deps.log.error('a step for a found block failed', { error }))
      .finally(() => this.#underWay.delete(watched));
    this.#underWay.add(watched);
  }
}

function report({ block, hash, status, by }: Entry): BlockReport {
  const { height, via, device, userIdentity, worker, foundAtMs } = block;
  return {
    height,
    hash,
    path: 'pool-template',
    via,
    device,
    userIdentity: fromUtf8(userIdentity),
    ...(worker === undefined ? {} : { worker: fromUtf8(worker) }),
    state: status,
    by,
    foundAtMs,
  };
}
