import {
  ExtranonceAllocator,
  type Job,
  EXTRANONCE_LAYOUT,
  type ExtranonceSpace,
  JobBoard,
  JobIds,
  ShareBudget,
  type TargetPolicy,
  type WorkInput,
} from '@sv2kit/mining';
import { performance } from 'node:perf_hooks';
import { Acknowledger } from './acknowledger.ts';
import { BadShareLadder } from './bad-shares/ladder.ts';
import { ChannelRegister } from './channel-register.ts';
import {
  type BlockPath,
  type ExtranoncePlace,
  type LiveSettings,
  MINING_SERVER_LIMITS,
  type MiningServerConfig,
  type MiningServerLimits,
} from './config.ts';
import type { SetupErrorCode } from './codes.ts';
import type { Downstream } from './downstream.ts';
import { Frames } from './frames.ts';
import { LedgerOutage } from './ledger-outage.ts';
import type { Miner } from './miner.ts';
import type { MiningServerDeps } from './ports.ts';
import { ShareDesk } from './share-desk.ts';
import { ShareTotals } from './workers/share-totals.ts';
import { WorkerBook } from './workers/worker-book.ts';

/** How often what waits is looked at, in milliseconds. */
export const TICK_MS = 1_000;

/** What all connections of one server share. */
export class ServerContext {
  config: MiningServerConfig;
  /** One object for good, which others hold; what is in it may change. */
  readonly limits: MiningServerLimits;
  readonly deps: MiningServerDeps;
  readonly ids = new JobIds();
  readonly board = new JobBoard(this.ids);
  readonly frames = new Frames();
  readonly allocator: ExtranonceAllocator;
  readonly budget: ShareBudget;
  readonly register: ChannelRegister;
  readonly acknowledger: Acknowledger;
  readonly ledgerOutage: LedgerOutage;
  readonly desk: ShareDesk;
  readonly workers: WorkerBook;
  readonly totals: ShareTotals;
  readonly ladder: BadShareLadder;
  readonly downstreams = new Set<Downstream>();
  /** Channels that hold shares on a tip that has not come yet. */
  readonly holding = new Set<Miner>();
  /** Custom jobs of all connections that wait for their tip. */
  readonly heldCustomJobs = new Set<object>();
  /** When work came in; unix milliseconds. */
  readonly received = new WeakMap<WorkInput, number>();
  readonly ticks: () => number;
  /** How targets are set now. */
  targets: TargetPolicy;
  /** Version bits that miners may change now; 0: none. */
  versionMask: number;
  /** Where prefixes lie now; another object whenever that has changed. */
  space: ExtranonceSpace;

  constructor(config: MiningServerConfig, deps: MiningServerDeps) {
    this.config = config;
    this.limits = { ...MINING_SERVER_LIMITS, ...config.limits };
    this.deps = deps;
    this.ticks = deps.ticks ?? (() => performance.now());
    this.targets = config.targets;
    this.versionMask = config.versionMask;
    this.space = this.#spaceAt(config.extranonce ?? 'own');
    this.allocator = new ExtranonceAllocator(this.space);
    this.budget = new ShareBudget(this.limits.seenShareSlots, this.limits.assuredShareSlots);
    this.register = new ChannelRegister(deps);
    this.acknowledger = new Acknowledger(this);
    this.ledgerOutage = new LedgerOutage(this, TICK_MS);
    this.desk = new ShareDesk(this);
    const { workers: most, workerIdleMs: idleMs, workerGoneMs: goneMs } = this.limits;
    this.workers = new WorkerBook({ most, times: { idleMs, goneMs }, events: deps.events });
    this.totals = new ShareTotals(deps, this.board);
    this.ladder = new BadShareLadder(this);
  }

  /** Whose template a job is of. */
  pathOf(job: Job): BlockPath {
    const { origin } = job;
    switch (origin.kind) {
      case 'template':
        return this.config.path?.(job) ?? 'pool-template';
      case 'upstream':
        return 'v1-pool';
      case 'custom':
        return origin.mode === 'full-template' ? 'declared-full-template' : 'coinbase-only';
    }
  }

  /** Targets are for whoever calls this. */
  reconfigure(settings: LiveSettings): void {
    this.config = { ...this.config, ...settings };
    Object.assign(this.limits, settings.limits);
    this.ladder.reconfigure();
  }

  /** Prefixes lie elsewhere from now on; each connection follows when it is served. */
  move(place: ExtranoncePlace): void {
    const space = this.#spaceAt(place);
    this.allocator.move(space);
    this.space = space;
  }

  /** Why nobody is served now, if so: connections and channels are refused with it. */
  get refusal(): SetupErrorCode | undefined {
    if (this.board.work === undefined) return 'no-work-available';
    return this.ledgerOutage.lasts ? 'ledger-unavailable' : undefined;
  }

  #spaceAt(place: ExtranoncePlace): ExtranonceSpace {
    if (place !== 'own') return { ...place };
    const { frontEnd, extranonceLayout = EXTRANONCE_LAYOUT } = this.config;
    return { bootEpoch: this.deps.journal.bootEpoch, frontEnd, ...extranonceLayout };
  }
}
