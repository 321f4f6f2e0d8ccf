import {
  mining,
  type MiningFromClient,
  REQUIRES_EXTENDED_CHANNELS,
  REQUIRES_FIXED_VERSION,
  REQUIRES_STANDARD_JOBS,
  REQUIRES_VERSION_ROLLING,
  REQUIRES_WORK_SELECTION,
} from '@sv2kit/codec';
import type { Tip, WorkTemplate } from '@sv2kit/mining';
import { type Accepted, type Refused, serve, type Service } from '@sv2kit/net';
import type { ServerCloseReason, SetupErrorCode } from './codes.ts';
import { MAX_TAG_SIZE, type MiningServerConfig } from './config.ts';
import { ServerContext } from './context.ts';
import { Downstream } from './downstream.ts';
import { FanOut } from './fan-out.ts';
import type { MinerConnection, MiningServerDeps } from './ports.ts';
import { type MiningServerStatus, serverStatus } from './status.ts';

/** How often what waits is looked at, in milliseconds. */
const TICK_MS = 1_000;

/**
 * A downstream mining server (§5): serves miners on the connections that {@link MiningServer.service} is given, with
 * the work that it is fed. Templates are told apart by identity, so that those of several providers may come.
 */
export class MiningServer {
  /** For `listen`. */
  readonly service: Service;
  readonly #context: ServerContext;
  readonly #fanOut: FanOut;
  readonly #timer: Disposable;
  #lastJobsMs = 0;

  constructor(config: MiningServerConfig, deps: MiningServerDeps) {
    if (config.tag.length > MAX_TAG_SIZE) {
      throw new RangeError(`a tag is at most ${MAX_TAG_SIZE} bytes, not ${config.tag.length}`);
    }
    this.#context = new ServerContext(config, deps);
    this.#fanOut = new FanOut(this.#context);
    this.#timer = deps.clock.every(TICK_MS, () => this.#tick());
    const { versionRolling } = config;
    this.service = serve(mining, {
      flags: REQUIRES_STANDARD_JOBS | REQUIRES_WORK_SELECTION | (versionRolling ? REQUIRES_VERSION_ROLLING : 0),
      accept: (connection) => this.#accept(connection),
    });
  }

  /** A template for the next tip, to be sent ahead as a future job (§5.1.3). */
  prepare(template: WorkTemplate): void {
    this.#context.board.addFuture(template);
    this.#fanOut.request();
  }

  /** A new tip, and the template to mine on it; everything older is stale unless the prev-hash is the same. */
  activate(template: WorkTemplate, tip: Tip): void {
    const { board, allocator, deps } = this.#context;
    const nowMs = deps.clock.now();
    if (board.activate(template, tip, nowMs) === 'new-tip') allocator.tipChanged();
    this.#lastJobsMs = nowMs;
    this.#fanOut.request();
  }

  /** A better template for the tip at hand. @returns false when there is no tip yet */
  update(template: WorkTemplate): boolean {
    const { board, deps } = this.#context;
    if (!board.update(template)) return false;
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

  /** Whether there is something to mine. */
  get working(): boolean {
    return this.#context.board.work !== undefined;
  }

  status(): MiningServerStatus {
    return serverStatus(this.#context);
  }

  /** Resolves when every connection has what is due to it. */
  settled(): Promise<void> {
    return this.#fanOut.settled();
  }

  /** Closes every channel and ends the timers; the listener is the caller's. */
  async close(): Promise<void> {
    this.#timer[Symbol.dispose]();
    this.#endAll('shutdown');
    this.#context.acknowledger.close();
    await this.#fanOut.settled();
  }

  #accept(connection: MinerConnection): Accepted<MiningFromClient> | Refused {
    if (!this.working) return { kind: 'refuse', errorCode: 'no-work-available' satisfies SetupErrorCode };
    const selects = (connection.setup.flags & REQUIRES_WORK_SELECTION) !== 0;
    const fixed = this.#context.config.versionRolling ? 0 : REQUIRES_FIXED_VERSION;
    const flags = fixed | (selects ? REQUIRES_EXTENDED_CHANNELS : 0);
    return { kind: 'accept', flags, handler: new Downstream(this.#context, connection) };
  }

  #tick(): void {
    const { deps, config, holding, desk, board } = this.#context;
    const nowMs = deps.clock.now();
    for (const miner of holding) {
      desk.settleHeld(miner, miner.channel.expireHeld(nowMs));
      if (!miner.channel.holds) holding.delete(miner);
    }
    if (board.work === undefined || nowMs - this.#lastJobsMs < config.refreshMs) return;
    this.#lastJobsMs = nowMs;
    board.refresh();
    this.#fanOut.request();
  }

  #endAll(reason: ServerCloseReason): void {
    for (const downstream of [...this.#context.downstreams]) downstream.end(reason);
  }
}

/** Makes a mining server; it serves once its `service` is listened for and it has been given work. */
export function createMiningServer(config: MiningServerConfig, deps: MiningServerDeps): MiningServer {
  return new MiningServer(config, deps);
}
