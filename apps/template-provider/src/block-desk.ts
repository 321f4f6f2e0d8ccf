import { displayHash, hashHeader, HEADER_LENGTH } from '@sv2kit/bitcoin';
import type { MiningNode } from '@sv2kit/bitcoin-node';
import type { Clock, Logger } from '@sv2kit/daemon';
import { TEMPLATE_PROVIDER_LIMITS as LIMITS } from './limits.ts';
import type { TemplateProviderMetrics } from './metrics.ts';
import type { SolvedBlocks } from './solved-blocks.ts';

export interface BlockDeskDeps {
  readonly nodes: readonly MiningNode[];
  readonly store: SolvedBlocks;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<TemplateProviderMetrics, 'submissions' | 'blocks'>;
}

/** What happened to a block so far. */
type Standing = 'submitted' | 'accepted' | 'confirmed' | 'orphaned';

/**
 * Where solved blocks go: to every node at once and to disk at the same time. No path waits for another, and none can
 * fail another. Afterwards the block is looked for in the best chain.
 */
export class BlockDesk {
  readonly #deps: BlockDeskDeps;
  readonly #blocks = new Map<string, Standing>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #timers = new Set<Disposable>();
  #isClosed = false;

  constructor(deps: BlockDeskDeps) {
    this.#deps = deps;
  }

  /** How many of the latest blocks stand where. */
  standings(): Readonly<Record<Standing, number>> {
    const count = { submitted: 0, accepted: 0, confirmed: 0, orphaned: 0 };
    for (const standing of this.#blocks.values()) count[standing] += 1;
    return count;
  }

  /** Never throws and never waits. A block that is known already is not submitted again. */
  submit(block: Uint8Array, fields: Readonly<Record<string, unknown>> = {}): void {
    const hash = hashHeader(block.subarray(0, HEADER_LENGTH));
    const name = displayHash(hash);
    if (this.#blocks.has(name)) return;
    this.#remember(name, 'submitted');
    const log = this.#deps.log.child({ hash: name });
    log.info('block solved', { ...fields, bytes: block.length });
    for (const node of this.#deps.nodes) this.#run(log, this.#submitTo(node, block, hash, log));
    this.#run(log, this.#save(hash, block, log));
  }

  /** Submits the blocks that were saved shortly before this start, in case the stop before it came too soon. */
  resubmitRecent(): void {
    this.#run(this.#deps.log, this.#resubmitRecent());
  }

  async #resubmitRecent(): Promise<void> {
    const { store, clock } = this.#deps;
    for await (const block of store.recent(clock.now() - LIMITS.resubmitWindowMs)) {
      if (block.length > HEADER_LENGTH) this.submit(block, { again: true });
    }
  }

  /** Resolves when nothing is being submitted or saved, or after a grace. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#timers.clear();
    if (this.#underWay.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    using _timer = this.#deps.clock.after(LIMITS.closeGraceMs, resolve);
    await Promise.race([this.#settled(), promise]);
  }

  async #settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async #submitTo(node: MiningNode, block: Uint8Array, hash: Uint8Array, log: Logger): Promise<void> {
    const { metrics } = this.#deps;
    const result = await node.submitBlock(block);
    metrics.submissions.inc({ node: node.name, outcome: result.kind });
    switch (result.kind) {
      case 'accepted':
      case 'duplicate':
        log.info('block taken by the node', { node: node.name, ...result });
        if (this.#standing(hash) === 'submitted') this.#remember(displayHash(hash), 'accepted');
        this.#confirmLater(node, block, hash, log, 0);
        return;
      case 'inconclusive':
        log.warn('block taken by the node, but another is its best', { node: node.name, ...result });
        this.#confirmLater(node, block, hash, log, 0);
        return;
      case 'rejected':
      case 'unreachable':
        log.error('block not taken by the node', { node: node.name, ...result });
        return;
      default:
        result satisfies never;
    }
  }

  async #save(hash: Uint8Array, block: Uint8Array, log: Logger): Promise<void> {
    const { store, metrics } = this.#deps;
    try {
      log.info('block saved', { file: await store.save(hash, block) });
      metrics.blocks.inc({ outcome: 'saved' });
    } catch (error) {
      metrics.blocks.inc({ outcome: 'save-failed' });
      log.error('block not saved; it was submitted all the same', { error });
    }
  }

  #confirmLater(node: MiningNode, block: Uint8Array, hash: Uint8Array, log: Logger, attempt: number): void {
    const afterMs = LIMITS.confirmAfterMs[attempt];
    if (afterMs === undefined || this.#isClosed) return;
    const timer = this.#deps.clock.after(afterMs - (LIMITS.confirmAfterMs[attempt - 1] ?? 0), () => {
      this.#timers.delete(timer);
      this.#run(
        log,
        this.#confirm(node, block, hash, log).finally(() => this.#confirmLater(node, block, hash, log, attempt + 1)),
      );
    });
    this.#timers.add(timer);
  }

  async #confirm(node: MiningNode, block: Uint8Array, hash: Uint8Array, log: Logger): Promise<void> {
    const before = this.#standing(hash);
    const { inBestChain, confirmations, height } = await node.confirm(hash);
    const fields = { node: node.name, height, confirmations };
    if (inBestChain && before !== 'confirmed') {
      this.#note(hash, 'confirmed');
      log.info('block is in the best chain', fields);
    } else if (!inBestChain && before !== 'orphaned') {
      this.#note(hash, 'orphaned');
      log.warn('block is not in the best chain', fields);
    }
    if (height === undefined) await this.#submitAgain(node, block, log);
  }

  /** A node that is killed right after it took a block comes back without it. */
  async #submitAgain(node: MiningNode, block: Uint8Array, log: Logger): Promise<void> {
    const result = await node.submitBlock(block);
    this.#deps.metrics.submissions.inc({ node: node.name, outcome: result.kind });
    log.warn('the node did not know the block any more: submitted again', { node: node.name, ...result });
  }

  #note(hash: Uint8Array, standing: 'confirmed' | 'orphaned'): void {
    this.#remember(displayHash(hash), standing);
    this.#deps.metrics.blocks.inc({ outcome: standing });
  }

  #standing(hash: Uint8Array): Standing | undefined {
    return this.#blocks.get(displayHash(hash));
  }

  #remember(name: string, standing: Standing): void {
    this.#blocks.set(name, standing);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= LIMITS.rememberedBlocks) return;
      this.#blocks.delete(oldest);
    }
  }

  #run(log: Logger, work: Promise<void>): void {
    const watched = work
      .catch((error: unknown) => log.error('a step for solved blocks failed', { error }))
      .finally(() => this.#underWay.delete(watched));
    this.#underWay.add(watched);
  }
}
