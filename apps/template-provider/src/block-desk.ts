import { displayHash, hashHeader, HEADER_LENGTH } from '@sv2kit/bitcoin';
import { type Confirmation, isTrusted, type MiningNode, type SubmitResult } from '@sv2kit/bitcoin-node';
import type { Clock, LatencyRecorder, Logger } from '@sv2kit/daemon';
import type { BlockView, Events } from '@sv2kit/monitor';
import { BlockUnderWay, type FoundBlock } from './found-block.ts';
import { TEMPLATE_PROVIDER_LIMITS as LIMITS } from './limits.ts';
import type { TemplateProviderMetrics } from './metrics.ts';
import type { SolvedBlocks } from './solved-blocks.ts';

export interface BlockDeskDeps {
  readonly nodes: readonly MiningNode[];
  readonly store: Pick<SolvedBlocks, 'save' | 'recent'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<TemplateProviderMetrics, 'submissions' | 'solutionsToNodes' | 'blocks'>;
  readonly events: Pick<Events, 'emit'>;
  /** From a solution to the first node that has the block, in ms. */
  readonly toNode: LatencyRecorder;
}

/** What happened to a block so far. */
type Standing = 'submitted' | 'accepted' | 'confirmed' | 'orphaned';

/** A block as it is remembered. */
interface Remembered {
  readonly foundAtMs: number;
  height: number | undefined;
  standing: Standing;
  /** Who said so. */
  by: string | undefined;
  confirmations: number | undefined;
}

/**
 * Where solved blocks go: as a solution to the node that holds the template, as a whole to every node and to disk, all at
 * once. No path waits for another, and none can fail another. Afterwards the block is looked for in the best chain.
 */
export class BlockDesk {
  readonly #deps: BlockDeskDeps;
  readonly #blocks = new Map<string, Remembered>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #timers = new Set<Disposable>();
  /** Nodes that gave no answer when they were asked last. */
  readonly #silent = new Set<MiningNode>();
  #isClosed = false;

  constructor(deps: BlockDeskDeps) {
    this.#deps = deps;
  }

  /** How many of the latest blocks stand where. */
  standings(): Readonly<Record<Standing, number>> {
    const count = { submitted: 0, accepted: 0, confirmed: 0, orphaned: 0 };
    for (const { standing } of this.#blocks.values()) count[standing] += 1;
    return count;
  }

  /** The latest first. */
  list(): BlockView[] {
    const views = Array.from(
      this.#blocks,
      ([hash, { standing, foundAtMs, height, by, confirmations }]): BlockView => ({
        hash,
        status: standing,
        foundAtMs,
        ...(height !== undefined && { height }),
        ...(by !== undefined && { by }),
        ...(confirmations !== undefined && { confirmations }),
      }),
    );
    return views.reverse();
  }

  /** Never throws and never waits. False for a block that is known already: it is not submitted again. */
  submit(found: FoundBlock, fields: Readonly<Record<string, unknown>> = {}): boolean {
    const name = displayHash(found.hash);
    if (this.#blocks.has(name)) return false;
    this.#remember(name, found.height);
    const log = this.#deps.log.child({ hash: name });
    const underWay = new BlockUnderWay(found.hash, log);
    const paths: Promise<boolean>[] = [];
    if (found.held !== undefined) paths.push(this.#watched(log, this.#submitSolution(found.held, underWay)));
    if (found.block instanceof Uint8Array) paths.push(...this.#handOut(found.block, underWay));
    else paths.push(this.#watched(log, this.#handOutLater(found.block, underWay)));
    log.info('block solved', fields);
    this.#run(log, this.#conclude(paths, found, underWay));
    return true;
  }

  /** Submits the blocks that were saved shortly before this start, in case the stop before it came too soon. */
  resubmitRecent(): void {
    this.#run(this.#deps.log, this.#resubmitRecent());
  }

  async #resubmitRecent(): Promise<void> {
    const { store, clock } = this.#deps;
    for await (const block of store.recent(clock.now() - LIMITS.resubmitWindowMs)) {
      if (block.length <= HEADER_LENGTH) continue;
      this.submit({ hash: hashHeader(block.subarray(0, HEADER_LENGTH)), block }, { again: true });
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
    await Promise.race([this.settled(), promise]);
  }

  /** Resolves when nothing is being submitted or saved, however long that takes. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async #submitSolution(held: NonNullable<FoundBlock['held']>, underWay: BlockUnderWay): Promise<boolean> {
    const { template, node, solution } = held;
    const result = await template.submitSolution(solution);
    this.#deps.metrics.solutionsToNodes.inc({ node: node.name, outcome: result.kind });
    return this.#onResult(node, result, underWay);
  }

  /** As a whole to every node, and to disk. */
  #handOut(block: Uint8Array, underWay: BlockUnderWay): readonly Promise<boolean>[] {
    underWay.block = block;
    const paths = this.#deps.nodes.map((node) => this.#watched(underWay.log, this.#submitTo(node, block, underWay)));
    this.#run(underWay.log, this.#save(block, underWay, 0));
    return paths;
  }

  async #handOutLater(whole: Promise<Uint8Array>, underWay: BlockUnderWay): Promise<boolean> {
    const taken = await Promise.all(this.#handOut(await whole, underWay));
    return taken.includes(true);
  }

  async #submitTo(node: MiningNode, block: Uint8Array, underWay: BlockUnderWay): Promise<boolean> {
    const result = await node.submitBlock(block);
    this.#deps.metrics.submissions.inc({ node: node.name, outcome: result.kind });
    return this.#onResult(node, result, underWay);
  }

  /** Whether the node has the block now. */
  #onResult(node: MiningNode, result: SubmitResult, underWay: BlockUnderWay): boolean {
    const { hash, log } = underWay;
    switch (result.kind) {
      case 'accepted':
      case 'duplicate':
        log.info('block taken by the node', { node: node.name, ...result });
        this.#onTaken(hash, node);
        break;
      case 'inconclusive':
        log.warn('block taken by the node, but another is its best', { node: node.name, ...result });
        break;
      case 'rejected':
      case 'unreachable':
        log.error('block not taken by the node', { node: node.name, ...result });
        return false;
      case 'unable':
        log.info('the node cannot take the block this way', { node: node.name, ...result });
        return false;
      default:
        return result satisfies never;
    }
    if (underWay.watch(node)) this.#confirmLater(node, underWay, 0);
    return true;
  }

  /** Says so when no path led anywhere. */
  async #conclude(
    paths: readonly Promise<boolean>[],
    { block, remains }: FoundBlock,
    underWay: BlockUnderWay,
  ): Promise<void> {
    const taken = await Promise.all(paths);
    if (taken.includes(true)) return;
    const { log, file } = underWay;
    this.#deps.metrics.blocks.inc({ outcome: 'not-taken' });
    const whole = await Promise.resolve(block).catch(() => undefined);
    if (whole === undefined) log.error('a block is lost: its node is gone, and its transactions with it', remains);
    else if (file === undefined) log.error('no node has taken the block, and it is not on disk yet');
    else log.error('no node has taken the block: hand it to one by submitblock', { file });
  }

  async #save(block: Uint8Array, underWay: BlockUnderWay, attempt: number): Promise<void> {
    const { store, metrics } = this.#deps;
    const { hash, log } = underWay;
    try {
      underWay.file = await store.save(hash, block);
      log.info('block saved', { file: underWay.file });
      metrics.blocks.inc({ outcome: 'saved' });
    } catch (error) {
      metrics.blocks.inc({ outcome: 'save-failed' });
      log.error('block not saved; it was submitted all the same', { error });
      const afterMs = LIMITS.saveAgainMs[attempt];
      if (afterMs !== undefined) this.#later(afterMs, log, () => this.#save(block, underWay, attempt + 1));
    }
  }

  /** Does it, unless the desk closes first. */
  #later(ms: number, log: Logger, work: () => Promise<void>): void {
    if (this.#isClosed) return;
    const timer = this.#deps.clock.after(ms, () => {
      this.#timers.delete(timer);
      this.#run(log, work());
    });
    this.#timers.add(timer);
  }

  #confirmLater(node: MiningNode, underWay: BlockUnderWay, attempt: number): void {
    const afterMs = LIMITS.confirmAfterMs[attempt];
    if (afterMs === undefined) return;
    this.#later(afterMs - (LIMITS.confirmAfterMs[attempt - 1] ?? 0), underWay.log, () =>
      this.#confirm(node, underWay).finally(() => this.#confirmLater(node, underWay, attempt + 1)),
    );
  }

  async #confirm(node: MiningNode, { hash, block, log }: BlockUnderWay): Promise<void> {
    // One on another chain has no say in it, and cannot have the block.
    if (!isTrusted(node.health())) return;
    const before = this.#standing(hash);
    const answer = await this.#askFor(hash, node, log);
    if (answer === undefined) return;
    const { inBestChain, confirmations, height, seenFrom = 0 } = answer;
    if (height === undefined && (this.#blocks.get(displayHash(hash))?.height ?? 0) < seenFrom) return;
    const fields = { node: node.name, height, confirmations };
    if (inBestChain && before !== 'confirmed') {
      this.#note(hash, 'confirmed', node, { height, confirmations });
      log.info('block is in the best chain', fields);
    } else if (!inBestChain && before !== 'orphaned') {
      this.#note(hash, 'orphaned', node, { height, confirmations });
      log.warn('block is not in the best chain', fields);
    }
    if (height === undefined && block !== undefined) await this.#submitAgain(node, block, log);
  }

  /** Undefined when the node gave no answer: it is asked again later. */
  async #askFor(hash: Uint8Array, node: MiningNode, log: Logger): Promise<Confirmation | undefined> {
    try {
      const answer = await node.confirm(hash);
      this.#silent.delete(node);
      return answer;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const level = this.#silent.has(node) ? 'debug' : 'warn';
      this.#silent.add(node);
      log[level]('the node could not be asked for the block, and is asked again later', { node: node.name, reason });
      return undefined;
    }
  }

  /** A node that is killed right after it took a block comes back without it. */
  async #submitAgain(node: MiningNode, block: Uint8Array, log: Logger): Promise<void> {
    const result = await node.submitBlock(block);
    this.#deps.metrics.submissions.inc({ node: node.name, outcome: result.kind });
    log.warn('the node did not know the block any more: submitted again', { node: node.name, ...result });
  }

  /** submitted -> accepted: the first node has it */
  #onTaken(hash: Uint8Array, node: MiningNode): void {
    const block = this.#blocks.get(displayHash(hash));
    if (block?.standing !== 'submitted') return;
    this.#deps.toNode.record(this.#deps.clock.now() - block.foundAtMs);
    this.#stand(hash, block, 'accepted', node);
  }

  #note(
    hash: Uint8Array,
    standing: 'confirmed' | 'orphaned',
    node: MiningNode,
    { height, confirmations }: { readonly height: number | undefined; readonly confirmations: number },
  ): void {
    this.#deps.metrics.blocks.inc({ outcome: standing });
    const block = this.#blocks.get(displayHash(hash));
    if (block === undefined) return;
    block.height ??= height;
    block.confirmations = confirmations;
    this.#stand(hash, block, standing, node);
  }

  #stand(hash: Uint8Array, block: Remembered, standing: Standing, { name: by }: MiningNode): void {
    block.standing = standing;
    block.by = by;
    const { height, confirmations } = block;
    this.#deps.events.emit({
      type: 'block-status',
      hash: displayHash(hash),
      status: standing,
      by,
      ...(height !== undefined && { height }),
      ...(confirmations !== undefined && { confirmations }),
    });
  }

  #standing(hash: Uint8Array): Standing | undefined {
    return this.#blocks.get(displayHash(hash))?.standing;
  }

  /** A block is new. */
  #remember(hash: string, height: number | undefined): void {
    const foundAtMs = this.#deps.clock.now();
    this.#blocks.set(hash, { foundAtMs, height, standing: 'submitted', by: undefined, confirmations: undefined });
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= LIMITS.rememberedBlocks) break;
      this.#blocks.delete(oldest);
    }
    this.#deps.events.emit({ type: 'block-found', hash, ...(height !== undefined && { height }) });
  }

  /** One path of a block; a path that fails leads nowhere. */
  async #watched(log: Logger, path: Promise<boolean>): Promise<boolean> {
    try {
      return await path;
    } catch (error) {
      log.error('a path of a solved block failed', { error });
      return false;
    }
  }

  #run(log: Logger, work: Promise<void>): void {
    const watched = work
      .catch((error: unknown) => log.error('a step for solved blocks failed', { error }))
      .finally(() => this.#underWay.delete(watched));
    this.#underWay.add(watched);
  }
}
