import { sameBytes } from '@sv2kit/bitcoin';
import { HASHES_PER_DIFFICULTY, type Job, type UpstreamJob } from '@sv2kit/mining';
import type { MiningServer } from '@sv2kit/mining-server';
import type { Logger } from '@sv2kit/net';
import type { PoolJob } from '@sv2kit/sv1';
import {
  deviceMask,
  extranonceRoom,
  type ExtranonceRoom,
  type PoolWork,
  poolWork,
  type RoomWish,
} from '@sv2kit/translation';
import type { PoolFailure } from './failures.ts';
import { TRANSLATOR_TO_V1_LIMITS } from './limits.ts';
import type { PoolLink } from './pool-link.ts';
import type { Totals } from './totals.ts';

/** The mining server as the desk uses it. */
export type Devices = Pick<
  MiningServer,
  'activate' | 'renew' | 'setUsefulDifficulty' | 'setVersionMask' | 'suspend' | 'update' | 'working'
>;

export interface WorkDeskOptions {
  readonly devices: () => Devices;
  readonly wish: RoomWish;
  readonly totals: Totals;
  readonly log: Logger;
}

/** A job that devices have, and the connection that it came by. */
export interface GivenWork {
  readonly link: PoolLink;
  readonly work: PoolWork;
}

type Room = Extract<ExtranonceRoom, { readonly kind: 'room' }>;
/** What prefixes lie in. */
interface Space extends Room {
  readonly extranonce1: Uint8Array;
  readonly extranonce2Size: number;
}

/**
 * Stands between the pool's jobs and the mining server. Whatever a job changes (extranonce, version mask, difficulty,
 * tip) is told to the server in one turn, before any device hears of it; shares are judged by what their job came with.
 */
export class WorkDesk {
  readonly #options: WorkDeskOptions;
  readonly #given = new WeakMap<UpstreamJob, GivenWork>();
  #current: GivenWork | undefined;
  #space: Space | undefined;
  /** Of all devices, in hashes per second. */
  #hashrate = 0;

  constructor(options: WorkDeskOptions) {
    this.#options = options;
  }

  /** What devices should be mining. */
  get current(): GivenWork | undefined {
    return this.#current;
  }

  get space(): Space | undefined {
    return this.#space;
  }

  /** What a job of the server's is made of. */
  find(job: Job): GivenWork | undefined {
    return job.origin.kind === 'upstream' ? this.#given.get(job.origin.job) : undefined;
  }

  /**
   * A job of the pool goes to the devices.
   *
   * @returns what became of it: `tip`: all earlier jobs are stale; `clean`: likewise, on the same tip; or why the pool is
   * of no use
   */
  take(link: PoolLink, poolJob: PoolJob): 'tip' | 'clean' | 'update' | 'unusable' | PoolFailure {
    const work = poolWork(poolJob);
    if (work.kind === 'unusable') {
      this.#options.totals.job('unusable');
      link.unusable(work.reason);
      return 'unusable';
    }
    link.usable();
    const room = this.#isSpaceOf(poolJob) ? undefined : extranonceRoom(poolJob.extranonce2Size, this.#options.wish);
    if (room?.kind === 'too-small') return { reason: 'extranonce-too-small', detail: room.message };
    if (room !== undefined) this.#move(poolJob, room);
    const devices = this.#options.devices();
    devices.setVersionMask(work.job.versionMask);
    const kind = this.#kindOf(link, work);
    this.#give({ link, work }, kind);
    this.#setUsefulDifficulty();
    this.#options.totals.job(kind);
    return kind;
  }

  /**
   * The version mask has changed (BIP310). Bits that are allowed no more are taken from the job at hand too; more bits come
   * with the next job, for pools differ in whether they count for those that are out.
   */
  remask(link: PoolLink, versionMask: number): void {
    const current = this.#current;
    if (current?.link !== link) return;
    const { work } = current;
    const poolJob = { ...work.poolJob, versionMask: (work.poolJob.versionMask & versionMask) >>> 0 };
    const mask = deviceMask(poolJob.versionMask);
    if (mask === work.job.versionMask) return;
    this.#options.devices().setVersionMask(mask);
    this.#give({ link, work: { ...work, poolJob, job: { ...work.job, versionMask: mask } } }, 'update');
  }

  /**
   * No device gets a harder target than the pool's shares have, unless that would have devices flood us.
   *
   * @param hashrate of all devices, in hashes per second
   */
  setHashrate(hashrate: number): void {
    this.#hashrate = hashrate;
    this.#setUsefulDifficulty();
  }

  /** There is nothing fresh: devices are sent away, so that their own fail-over works. @returns whether they were not yet */
  suspend(): boolean {
    const devices = this.#options.devices();
    if (!devices.working) return false;
    this.#current = undefined;
    devices.suspend();
    return true;
  }

  /** In steps, for each may move devices. */
  #setUsefulDifficulty(): void {
    const current = this.#current;
    if (current === undefined) return;
    const flood = this.#hashrate / HASHES_PER_DIFFICULTY / TRANSLATOR_TO_V1_LIMITS.sharesPerSecond;
    const least = flood > 0 ? 2 ** Math.ceil(Math.log2(flood)) : 0;
    this.#options.devices().setUsefulDifficulty(Math.max(current.work.poolJob.difficulty, least));
  }

  #isSpaceOf({ extranonce1, extranonce2Size }: PoolJob): boolean {
    const space = this.#space;
    return space?.extranonce2Size === extranonce2Size && sameBytes(space.extranonce1, extranonce1);
  }

  /** Prefixes lie elsewhere for the job that follows, and for all after it. */
  #move({ extranonce1, extranonce2Size }: PoolJob, room: Room): void {
    const { devices, log } = this.#options;
    this.#space = { ...room, extranonce1, extranonce2Size };
    const within = { prefix: extranonce1, extranonceSize: extranonce2Size };
    devices().renew({ extranonce: { within, indexBytes: room.indexBytes } });
    const { channels, rolled } = room;
    log.info('channels share the extranonce2 of the pool', { extranonce2Size, channels, rolled });
  }

  /** Jobs of another connection count there no more, whatever the pool says, unless it goes on with the same extranonce1. */
  #kindOf(link: PoolLink, { tip, poolJob }: PoolWork): 'tip' | 'clean' | 'update' {
    const before = this.#current;
    if (before === undefined || !sameBytes(before.work.tip.prevHash, tip.prevHash)) return 'tip';
    return poolJob.notify.cleanJobs || !link.continues(before) ? 'clean' : 'update';
  }

  #give(given: GivenWork, kind: 'tip' | 'clean' | 'update'): void {
    const { job, tip } = given.work;
    const devices = this.#options.devices();
    this.#given.set(job, given);
    this.#current = given;
    if (kind === 'update') devices.update(job);
    else devices.activate(job, tip, { clean: kind === 'clean' });
  }
}
