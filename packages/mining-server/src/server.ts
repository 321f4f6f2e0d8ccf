import { difficultyFromTarget } from '@sv2kit/bitcoin';
import {
  mining,
  type MiningFromClient,
  REQUIRES_EXTENDED_CHANNELS,
  REQUIRES_FIXED_VERSION,
  REQUIRES_STANDARD_JOBS,
  REQUIRES_VERSION_ROLLING,
  REQUIRES_WORK_SELECTION,
} from '@sv2kit/codec';
import type { TargetPolicy, Tip, WorkInput } from '@sv2kit/mining';
import { type Accepted, type Refused, serve, type Service } from '@sv2kit/net';
import { ChainHeight } from './chain-height.ts';
import type { ServerCloseReason } from './codes.ts';
import { type ExtranoncePlace, type LiveSettings, MAX_TAG_SIZE, type MiningServerConfig } from './config.ts';
import { ServerContext, TICK_MS } from './context.ts';
import { type Demand, demandOf } from './demand.ts';
import { Downstream } from './downstream.ts';
import { drain } from './drain.ts';
import { FanOut } from './fan-out.ts';
import type { MinerConnection, MiningServerDeps } from './ports.ts';
import { type MinerLevels, minerLevels, type MiningServerStatus, serverStatus } from './status.ts';
import { type MiningApi, miningApi } from './views/mining-api.ts';
import { WorkerList } from './views/worker-list.ts';
import type { Worker } from './workers/worker.ts';
import { Past } from './workers/past.ts';

/** So that a difficulty that becomes a target again is not a hair harder. */
const ROUNDING = 2 ** -40;

/**
 * A downstream mining server (§5): serves miners on the connections that {@link MiningServer.service} is given, with
 * the work that it is fed. Templates are told apart by identity, so that those of several providers may come.
 */
export class MiningServer {
  /** For `listen`. */
  readonly service: Service;
  /** For those who look at the role. */
  readonly api: MiningApi;
  /** For what the ledger remembers of earlier runs. */
  readonly past: Past;
  readonly #context: ServerContext;
  readonly #fanOut: FanOut;
  readonly #timer: Disposable;
  readonly #workerList: WorkerList;
  readonly #chain = new ChainHeight();
  #lastJobsMs = 0;

  constructor(config: MiningServerConfig, deps: MiningServerDeps) {
    if (config.tag.length > MAX_TAG_SIZE) {
      throw new RangeError(`a tag is at most ${MAX_TAG_SIZE} bytes, not ${config.tag.length}`);
    }
    this.#context = new ServerContext(config, deps);
    this.#fanOut = new FanOut(this.#context);
    this.#workerList = new WorkerList(this.#context.workers);
    this.api = miningApi(this.#context, this.#workerList);
    this.past = new Past(this.#context);
    this.#timer = deps.clock.every(TICK_MS, () => this.#tick());
    const selection = config.workSelection === false ? 0 : REQUIRES_WORK_SELECTION;
    this.service = serve(mining, {
      flags: REQUIRES_STANDARD_JOBS | selection | REQUIRES_VERSION_ROLLING,
      accept: (connection) => this.#accept(connection),
    });
  }

  /** Work for the next tip, to be sent ahead as a future job (§5.1.3). */
  prepare(input: WorkInput): void {
    this.#take(input);
    this.#context.board.addFuture(input);
    this.#fanOut.request();
  }

  /**
   * A new tip, and the work to do on it; everything older is stale unless the prev-hash is the same.
   * @param clean everything older is stale whatever the prev-hash is: a Stratum V1 upstream says so with clean_jobs
   * @throws RangeError for an upstream's job whose extranonce is not of the size that prefixes and rolled parts fill now
   */
  activate(input: WorkInput, tip: Tip, { clean = false }: { readonly clean?: boolean } = {}): void {
    this.#take(input);
    const { board, allocator, deps } = this.#context;
    const nowMs = deps.clock.now();
    board.activate(input, tip, nowMs, clean);
    if (this.#chain.follow(board.work?.current.height ?? 0)) allocator.tipChanged();
    this.#lastJobsMs = nowMs;
    this.#fanOut.request();
    this.#followNetwork(tip);
    this.tipSeen();
  }

  /** The node has a tip that it may not have had before: custom jobs that waited for it are judged again. */
  tipSeen(): void {
    const { heldCustomJobs, downstreams } = this.#context;
    if (heldCustomJobs.size === 0) return;
    for (const downstream of [...downstreams]) this.#isolated(downstream, () => downstream.retryCustomJobs());
  }

  /**
   * What jobs are made with has changed: the outputs of payouts, or where extranonce prefixes lie. Every channel gets its
   * new prefix where it has one (a channel that rolls more than there is left is closed with `extranonce-too-small`), then
   * new jobs of the template at hand and of the prepared ones: in this turn of the event loop, or in the next few where
   * connections are more than `fanOutSlice`. Shares on earlier jobs are judged with the prefix and size that those had.
   * An upstream's job of that size must follow in the same turn where the size of its extranonce changes.
   * @throws RangeError when the extranonce has no room for an index
   */
  renew({ extranonce }: { readonly extranonce?: ExtranoncePlace } = {}): void {
    const { board, deps } = this.#context;
    if (extranonce !== undefined) this.#context.move(extranonce);
    board.renew();
    this.#lastJobsMs = deps.clock.now();
    this.#fanOut.request();
  }

  /**
   * The hardest target that is of use: no channel gets a harder one, unless its client can do no easier. Channels beyond
   * it get another target, and jobs that it binds, at once.
   * @param difficulty undefined: the configured maximum alone
   */
  setUsefulDifficulty(difficulty: number | undefined): void {
    const { usefulDifficulty, networkDifficulty } = this.#context.targets;
    if (usefulDifficulty === difficulty) return;
    const { targets: configured } = this.#context.config;
    const targets = networkDifficulty === undefined ? configured : { ...configured, networkDifficulty };
    this.#setTargets(difficulty === undefined ? targets : { ...targets, usefulDifficulty: difficulty });
  }

  /**
   * The version bits that miners may change are others, 0 for none: new jobs of the work at hand go out. Whoever needs
   * to roll is not served while there are none; connections that were told otherwise when they were set up, and cannot
   * be told anew, are ended with `version-rolling-changed`.
   */
  setVersionMask(mask: number): void {
    const { versionMask, downstreams } = this.#context;
    if (versionMask === mask) return;
    this.#context.versionMask = mask;
    this.#context.board.renew();
    if ((versionMask === 0) !== (mask === 0)) {
      for (const downstream of [...downstreams]) {
        if (!downstream.canRoll(mask !== 0)) downstream.end('version-rolling-changed');
      }
    }
    this.#lastJobsMs = this.#context.deps.clock.now();
    this.#fanOut.request();
  }

  /** What to ask an upstream for. */
  demand(): Demand {
    return demandOf(this.#context.downstreams);
  }

  /** Better work for the tip at hand. @returns false when there is no tip yet */
  update(input: WorkInput): boolean {
    this.#take(input);
    const { board, deps } = this.#context;
    if (!board.update(input)) return false;
    this.#lastJobsMs = deps.clock.now();
    this.#fanOut.request();
    return true;
  }

  /** Another template provider takes over: what the last one prepared is void. */
  forgetPrepared(): void {
    this.#context.board.forgetFutures();
  }

  /** There is nothing fresh to mine: sends the miners away, and refuses others until the next `activate`. */
  suspend(): void {
    this.#context.board.clear();
    this.#endAll('no-work-available');
  }

  /** What makes a hash a block; undefined while there is nothing to mine. */
  get networkTarget(): Uint8Array | undefined {
    return this.#context.board.work?.tip.target;
  }

  /** Whether there is something to mine. */
  get working(): boolean {
    return this.#context.board.work !== undefined;
  }

  status(): MiningServerStatus {
    return serverStatus(this.#context);
  }

  /** What whoever keeps time series wants to know. */
  levels(): MinerLevels {
    return minerLevels(this.#context);
  }

  /** The workers with most hashrate, for series of their own. */
  topWorkers(most: number): readonly Worker[] {
    return this.#workerList.top(most, this.#context.deps.clock.now());
  }

  /** Resolves when every connection has what is due to it. */
  settled(): Promise<void> {
    return this.#fanOut.settled();
  }

  /**
   * Takes leave of the miners, whose listener takes no more of them; shares that come meanwhile are judged and answered.
   * @param untilMs when the last has to be ended: unix milliseconds
   */
  async drain(untilMs: number): Promise<void> {
    await drain(this.#context, untilMs);
    await this.#fanOut.settled();
  }

  /** How miners are served from now on, as far as it may change; rates and batches are for channels to come. */
  reconfigure(settings: LiveSettings): void {
    const { targets } = this.#context;
    this.#context.reconfigure(settings);
    this.#setTargets({ ...targets, ...settings.targets });
  }

  /** Closes every channel and ends the timers; the listener is the caller's. */
  async close(): Promise<void> {
    this.#timer[Symbol.dispose]();
    this.#endAll('shutdown');
    this.#context.acknowledger.close();
    await this.#fanOut.settled();
  }

  #take(input: WorkInput): void {
    const { allocator, received, deps } = this.#context;
    const { fullSize } = allocator;
    if (!received.has(input)) received.set(input, deps.clock.now());
    if (!('extranonceSize' in input) || input.extranonceSize === fullSize) return;
    throw new RangeError(
      `a job with ${input.extranonceSize} bytes of extranonce where ${fullSize ?? 'any number'} are filled`,
    );
  }

  #accept(connection: MinerConnection): Accepted<MiningFromClient> | Refused {
    const { refusal } = this.#context;
    if (refusal !== undefined) return { kind: 'refuse', errorCode: refusal };
    const fixed = this.#context.versionMask === 0;
    const rolls = connection.setup.flags & REQUIRES_VERSION_ROLLING;
    if (fixed && rolls !== 0) return { kind: 'refuse', errorCode: 'unsupported-feature-flags', flags: rolls };
    const selects = (connection.setup.flags & REQUIRES_WORK_SELECTION) !== 0;
    const flags = (fixed ? REQUIRES_FIXED_VERSION : 0) | (selects ? REQUIRES_EXTENDED_CHANNELS : 0);
    return { kind: 'accept', flags, handler: new Downstream(this.#context, connection) };
  }

  /** Devices must not keep blocks to themselves where the network is easier than shares: on test networks. */
  #followNetwork({ target }: Tip): void {
    const networkDifficulty = difficultyFromTarget(target) * (1 - ROUNDING);
    const { targets } = this.#context;
    if (targets.networkDifficulty !== networkDifficulty) this.#setTargets({ ...targets, networkDifficulty });
  }

  /** Channels beyond what they allow get another target, and jobs that it binds, at once. */
  #setTargets(targets: TargetPolicy): void {
    this.#context.targets = targets;
    let beyond = false;
    for (const { miners } of this.#context.downstreams) {
      for (const miner of miners) beyond = miner.setPolicy(targets) || beyond;
    }
    if (beyond) this.#refresh();
  }

  #tick(): void {
    const { deps, config, holding, desk, board, downstreams, workers } = this.#context;
    const nowMs = deps.clock.now();
    workers.sweep(nowMs, this.working);
    if (this.#context.ledgerOutage.look()) this.#endAll('ledger-unavailable');
    for (const miner of holding) {
      desk.settleHeld(miner, miner.channel.expireHeld(nowMs));
      if (!miner.channel.holds) holding.delete(miner);
    }
    for (const downstream of [...downstreams]) {
      if (downstream.selectsWork) this.#isolated(downstream, () => downstream.tickCustomJobs(nowMs));
    }
    if (board.work !== undefined && Math.abs(nowMs - this.#lastJobsMs) >= config.refreshMs) this.#refresh();
  }

  #refresh(): void {
    const { board, deps } = this.#context;
    this.#lastJobsMs = deps.clock.now();
    board.refresh();
    this.#fanOut.request();
  }

  /** A mistake of ours must end the connection that it is about, and nothing else. */
  #isolated({ connection }: Downstream, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#context.deps.log.error('custom jobs of a connection could not be served', { error });
      connection.destroy('internal-error');
    }
  }

  #endAll(reason: ServerCloseReason): void {
    for (const downstream of [...this.#context.downstreams]) downstream.end(reason);
  }
}

/** Makes a mining server; it serves once its `service` is listened for and it has been given work. */
export function createMiningServer(config: MiningServerConfig, deps: MiningServerDeps): MiningServer {
  return new MiningServer(config, deps);
}
