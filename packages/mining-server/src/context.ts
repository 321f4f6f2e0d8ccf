import { ExtranonceAllocator, EXTRANONCE_LAYOUT, JobBoard, JobIds, ShareBudget } from '@sv2kit/mining';
import { performance } from 'node:perf_hooks';
import { Acknowledger } from './acknowledger.ts';
import { ChannelRegister } from './channel-register.ts';
import { MINING_SERVER_LIMITS, type MiningServerConfig, type MiningServerLimits } from './config.ts';
import type { Downstream } from './downstream.ts';
import { Frames } from './frames.ts';
import type { Miner } from './miner.ts';
import type { MiningServerDeps } from './ports.ts';
import { ShareDesk } from './share-desk.ts';
import { WorkMeter } from './work-meter.ts';

/** What all connections of one server share. */
export class ServerContext {
  readonly config: MiningServerConfig;
  readonly limits: MiningServerLimits;
  readonly deps: MiningServerDeps;
  readonly board = new JobBoard(new JobIds());
  readonly frames = new Frames();
  readonly allocator: ExtranonceAllocator;
  readonly budget: ShareBudget;
  readonly meter: WorkMeter;
  readonly register: ChannelRegister;
  readonly acknowledger: Acknowledger;
  readonly desk: ShareDesk;
  readonly downstreams = new Set<Downstream>();
  /** Channels that hold shares on a tip that has not come yet. */
  readonly holding = new Set<Miner>();
  readonly ticks: () => number;

  constructor(config: MiningServerConfig, deps: MiningServerDeps) {
    this.config = config;
    this.limits = { ...MINING_SERVER_LIMITS, ...config.limits };
    this.deps = deps;
    this.ticks = deps.ticks ?? (() => performance.now());
    const { frontEnd, extranonceLayout = EXTRANONCE_LAYOUT } = config;
    this.allocator = new ExtranonceAllocator({ bootEpoch: deps.journal.bootEpoch, frontEnd, ...extranonceLayout });
    this.budget = new ShareBudget(this.limits.seenShareSlots);
    this.meter = new WorkMeter(deps.clock.now());
    this.register = new ChannelRegister(deps);
    this.acknowledger = new Acknowledger(this);
    this.desk = new ShareDesk(this);
  }
}
