import type { Capability, Method } from '@sv2kit/capnp';
import type { Clock } from '../../host.ts';
import { fetchInTurns } from './in-turns.ts';
import { makeThread } from './init-methods.ts';
import { introduce, type Introduction, madeBy } from './introduction.ts';
import type { IpcError } from './ipc-error.ts';
import { Lane } from './lane.ts';
import { IPC_LIMITS } from './limits.ts';
import { IpcLink, type LinkCallOptions } from './link.ts';
import { MiningMethods } from './mining-methods.ts';
import { NodeRpc } from './node-rpc.ts';
import type { Generation } from './ordinals.ts';
import { OwnWaits } from './own-waits.ts';
import { type TemplateContext, TemplateHandle } from './template-handle.ts';
import { TemplateMethods } from './template-methods.ts';
import type { Renewal } from './tip-waits.ts';
import type { BlockVerdict, Feature, IpcStats, NewBlockOptions, TipRef } from './types.ts';

export interface MiningClientOptions {
  /** Of the node's socket. */
  readonly path: string;
  readonly clock: Clock;
  /** What the node's log calls our threads. */
  readonly name?: string;
  readonly signal?: AbortSignal;
}

/**
 * A connection to a node's mining interface. It knows no policy: whoever uses it says what to ask, when, and on which
 * lane. Everything rejects with {@link IpcError} unless said otherwise; a call that is not answered in its time ends the
 * connection, and with it all others.
 *
 * @example
 * ```ts
 * const client = await MiningClient.connect({ path: '/var/lib/bitcoind/node.sock', clock });
 * const lane = await client.lane('work');
 * const template = await client.createNewBlock(lane, { reservedWeight: 8_000, sigops: 400 }, { cooldown: true });
 * ```
 */
export class MiningClient {
  /** Resolves when the connection is over, with the reason. */
  readonly ended: Promise<IpcError>;
  readonly generation: Generation;
  readonly #parts: Introduction;
  readonly #clock: Clock;
  readonly #link: IpcLink;
  readonly #methods: MiningMethods;
  readonly #templates: TemplateContext;
  readonly #rpc: NodeRpc;
  #closing: Promise<void> | undefined;
  /** Waits that `interrupt` ends. */
  #waits = 0;
  /** The same of version 30. */
  readonly #own: OwnWaits;

  /**
   * Connects, waits until the node has loaded its chain, and finds out what it can do.
   *
   * Rejects with {@link IpcError}, whose message says what to do about it; with the signal's reason when that aborts.
   */
  static async connect({ path, clock, name = 'sv2kit', signal }: MiningClientOptions): Promise<MiningClient> {
    signal?.throwIfAborted();
    const link = await IpcLink.open(path, clock);
    const abort = (): void => void link.close();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      if (signal?.aborted === true) await link.close();
      return new MiningClient(await introduce(link, name), clock);
    } catch (error) {
      await link.close();
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  private constructor(parts: Introduction, clock: Clock) {
    const { link, generation } = parts;
    this.#parts = parts;
    this.#clock = clock;
    this.#link = link;
    this.generation = generation;
    this.ended = link.ended;
    this.#methods = new MiningMethods(generation);
    this.#rpc = new NodeRpc(parts);
    this.#own = new OwnWaits(clock);
    this.#templates = {
      link,
      methods: new TemplateMethods(generation),
      submission: { index: undefined },
      waitedOn: new Set(),
    };
  }

  get path(): string {
    return this.#link.path;
  }

  get stats(): IpcStats {
    return this.#link.stats;
  }

  /** What nodes have or lack within a generation. */
  offers(feature: Feature): boolean {
    return this.#parts.features.has(feature);
  }

  /** A thread of the node for calls that shall not wait for others. Waits need one each. */
  async lane(name: string): Promise<Lane> {
    const { threadMap, name: own } = this.#parts;
    const thread = await madeBy(this.#link, threadMap, makeThread(`${own} ${name}`));
    return new Lane(name, thread, { oneByOne: this.generation === 30 });
  }

  isTestChain(lane: Lane): Promise<boolean> {
    return this.#call(lane, this.#methods.isTestChain(lane.thread));
  }

  isInitialBlockDownload(lane: Lane): Promise<boolean> {
    return this.#call(lane, this.#methods.isInitialBlockDownload(lane.thread));
  }

  /** Undefined before the node has any block. */
  getTip(lane: Lane): Promise<TipRef | undefined> {
    return this.#call(lane, this.#methods.getTip(lane.thread));
  }

  /**
   * Waits until another block than `current` is the best. After `timeoutMs` it answers with the one that is, be it the
   * same; undefined when it was interrupted, or the node stops. Occupies the lane.
   */
  async waitTipChanged(lane: Lane, current: Uint8Array, timeoutMs: number): Promise<TipRef | undefined> {
    const ask = (ms: number) => this.#waitTip(lane, current, ms);
    return await (this.generation === 30
      ? this.#own.tip(ask, current, timeoutMs)
      : this.#waiting(() => ask(timeoutMs)));
  }

  /**
   * A new template. With `cooldown`, not before the node has all blocks: on a chain without a block of the last day,
   * such as a fresh regtest, that is never. It waits for a minute at the most: undefined then, after an interrupt, and
   * when the node stops.
   */
  async createNewBlock(
    lane: Lane,
    options: NewBlockOptions,
    { cooldown }: { readonly cooldown: boolean },
  ): Promise<TemplateHandle | undefined> {
    const waits = cooldown && this.generation !== 30;
    if (cooldown && !waits && !(await this.#own.downloaded(() => this.isInitialBlockDownload(lane)))) return undefined;
    const method = this.#methods.createNewBlock(lane.thread, options, cooldown);
    const template = waits ? await this.#cooled(lane, method) : await this.#call(lane, method);
    if (template === undefined) return undefined;
    return new TemplateHandle(this.#templates, template, this.#renewal(options));
  }

  /** Whether the block would be valid on the node's tip; nothing is kept of it. In version 30 all clients wait for it. */
  async checkBlock(
    lane: Lane,
    block: Uint8Array,
    {
      checkMerkleRoot = true,
      checkPow = true,
    }: { readonly checkMerkleRoot?: boolean; readonly checkPow?: boolean } = {},
  ): Promise<BlockVerdict> {
    return await this.#call(lane, this.#methods.checkBlock(lane.thread, block, { checkMerkleRoot, checkPow }));
  }

  /** Hands a whole block over, at once; `duplicate` is a refusal here. Rejects with `unimplemented` before version 32. */
  async submitBlock(lane: Lane, block: Uint8Array): Promise<BlockVerdict> {
    const options = { urgent: true, timeoutMs: IPC_LIMITS.verdictTimeoutMs };
    return await this.#call(lane, this.#methods.submitBlock(lane.thread, block), options);
  }

  /**
   * Transactions of the node's mempool, with their witness, in the order asked; undefined for those it does not have.
   * Asks for a few at a time, so that no answer is larger than a message may be. Rejects with `unimplemented` before
   * version 32, with `too-large` when they are more bytes than `maxBytes`.
   */
  async transactionsByWitnessId(
    lane: Lane,
    wtxids: readonly Uint8Array[],
    { maxBytes = IPC_LIMITS.transactionBytes }: { readonly maxBytes?: number } = {},
  ): Promise<(Uint8Array | undefined)[]> {
    const ask = (ids: readonly Uint8Array[]) =>
      this.#call(lane, this.#methods.getTransactionsByWitnessID(lane.thread, ids));
    return await fetchInTurns(ask, wtxids, maxBytes);
  }

  /**
   * Any JSON-RPC of the node's, without a password. Rejects with `RpcError` where JSON-RPC would, with `unimplemented`
   * where the node does not offer it.
   */
  async rpc(
    lane: Lane,
    method: string,
    params: readonly unknown[] = [],
    { timeoutMs = IPC_LIMITS.answerTimeoutMs }: { readonly timeoutMs?: number } = {},
  ): Promise<unknown> {
    return await this.#rpc.call(lane, method, params, timeoutMs);
  }

  /** Ends a wait for a tip, or for the end of the initial download; does nothing when there is none. */
  async interrupt(): Promise<void> {
    this.#own.interrupt();
    if (this.#waits === 0 || this.generation === 30) return;
    await this.#link.call(this.#parts.mining, this.#methods.interrupt());
  }

  /** Ends the waits, gives everything back and closes the connection. A second time waits for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { mining, threadMap, init } = this.#parts;
    for (const template of this.#templates.waitedOn) template.release();
    // Not waited for by itself: a node that hangs does not answer this either.
    this.interrupt().catch(() => {});
    await this.#link.idle();
    for (const capability of [mining, threadMap, init]) capability.release();
    await this.#link.close();
  }

  async #waiting<T>(wait: () => Promise<T>): Promise<T> {
    this.#waits += 1;
    try {
      return await wait();
    } finally {
      this.#waits -= 1;
    }
  }

  async #cooled(lane: Lane, method: Method<Capability | undefined>): Promise<Capability | undefined> {
    const end = this.#clock.after(IPC_LIMITS.cooldownMs, () => void this.interrupt().catch(() => {}));
    try {
      const timeoutMs = IPC_LIMITS.answerTimeoutMs + IPC_LIMITS.cooldownMs;
      return await this.#waiting(() => this.#call(lane, method, { timeoutMs }));
    } finally {
      end[Symbol.dispose]();
    }
  }

  #waitTip(lane: Lane, current: Uint8Array, timeoutMs: number): Promise<TipRef | undefined> {
    const method = this.#methods.waitTipChanged(lane.thread, current, timeoutMs);
    return this.#call(lane, method, { timeoutMs: IPC_LIMITS.answerTimeoutMs + timeoutMs });
  }

  #renewal(options: NewBlockOptions): Renewal<TemplateHandle> | undefined {
    if (this.generation !== 30) return undefined;
    return {
      now: () => this.#clock.now(),
      waitTip: (lane, current, timeoutMs) => this.#waitTip(lane, current, timeoutMs),
      renew: (lane) => this.createNewBlock(lane, options, { cooldown: false }),
    };
  }

  #call<T>(lane: Lane, method: Method<T>, options?: LinkCallOptions): Promise<T> {
    return lane.run(() => this.#link.call(this.#parts.mining, method, options));
  }
}
