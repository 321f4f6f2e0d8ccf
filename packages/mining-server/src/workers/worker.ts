import type { WorkerName } from '@sv2kit/ledger';
import { type MinuteSum, WorkMeter } from '@sv2kit/mining';

/** Active with shares of late, idle with a channel and none, gone without a channel or silent for long. */
export type WorkerState = 'active' | 'idle' | 'gone';

/** When a worker that is silent is called so; milliseconds. */
export interface WorkerTimes {
  /** Without a share for so long: idle. */
  readonly idleMs: number;
  /** Without a share, or a channel, for so long: gone. */
  readonly goneMs: number;
}

/** What a worker did before this process began, as the ledger has it. */
export interface WorkerPast {
  readonly accepted: number;
  /** By error code. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Credited difficulty. */
  readonly work: number;
  readonly bestDifficulty: number;
  /** Unix milliseconds, here and below. */
  readonly firstSeenAtMs: number;
  readonly lastShareAtMs: number | undefined;
  /** Of the last 24 hours. */
  readonly minutes: Iterable<MinuteSum>;
}

/** Mean times between two shares after which silence is not chance. */
const IDLE_GAPS = 5;
const GONE_GAPS = 15;
/** Gaps that the mean looks back on, and about how many a mean of few is worth too little. */
const GAPS = 16;
/** A worker behind a proxy shares its channel's shares with others: how long its first gap may take. */
const UNKNOWN_GAP_MS = 6_000_000;

/** One worker: what it did over all its channels and connections. Difficulties are credited ones, times unix milliseconds. */
export class Worker implements WorkerName {
  readonly user: string;
  readonly worker: string;
  readonly name: string;
  readonly meter: WorkMeter;
  firstSeenAtMs: number;
  accepted = 0;
  work = 0;
  /** That the best hash shows; 0 without one. */
  bestDifficulty = 0;
  lastShareAtMs: number | undefined;
  /** Open channels with its own identity. */
  channels = 0;
  /** What those state, in hashes per second. */
  declaredHashrate = 0;
  /** Channels whose shares have named it. */
  lines = 0;
  /** The book has forgotten it: whoever still has it asks anew. */
  forgotten = false;
  /** Where the book keeps it. */
  index = -1;
  #rejected: Map<string, number> | undefined;
  /** Since when it has no channel and no line. */
  #leftAtMs: number;
  /** Whether the time since its last share says how fast it is. */
  #mining = false;
  #away = false;
  #gapMs = 0;
  #gaps = 0;

  /** @param sinceMs since when it could have worked, for its hashrates */
  constructor({ user, worker, name }: WorkerName, nowMs: number, sinceMs: number) {
    this.user = user;
    this.worker = worker;
    this.name = name;
    this.meter = new WorkMeter(sinceMs);
    this.firstSeenAtMs = nowMs;
    this.#leftAtMs = nowMs;
  }

  /** Whether it counts as gone to those who are told of it. */
  get away(): boolean {
    return this.#away;
  }

  set away(away: boolean) {
    this.#away = away;
    if (away) this.#mining = false;
  }

  get rejected(): ReadonlyMap<string, number> {
    return this.#rejected ?? NONE;
  }

  /** Whether somebody is connected who is it or speaks for it. */
  get held(): boolean {
    return this.channels > 0 || this.lines > 0;
  }

  /** Whether there is anything to remember it for. */
  get hasShares(): boolean {
    return this.accepted > 0 || this.#rejected !== undefined;
  }

  /**
   * @param credited the difficulty that counts. @param measured what tells of the hashrate
   * @param best what the hash shows
   */
  accept(credited: number, measured: number, best: number, nowMs: number): void {
    if (this.#mining && this.lastShareAtMs !== undefined) this.#learnGap(nowMs - this.lastShareAtMs);
    this.#mining = true;
    this.accepted += 1;
    this.work += credited;
    this.meter.add(measured, nowMs);
    if (best > this.bestDifficulty) this.bestDifficulty = best;
    this.lastShareAtMs = nowMs;
  }

  reject(code: string, count = 1): void {
    this.#rejected ??= new Map();
    this.#rejected.set(code, (this.#rejected.get(code) ?? 0) + count);
  }

  /** It has a past, which its figures go on from. Nobody is told that a worker is gone who was so before. */
  recall(past: WorkerPast, nowMs: number, { goneMs }: WorkerTimes): void {
    const { accepted, rejected, work, bestDifficulty, firstSeenAtMs, lastShareAtMs, minutes } = past;
    if (this.lastShareAtMs === undefined && lastShareAtMs !== undefined) {
      this.lastShareAtMs = lastShareAtMs;
      this.away = nowMs - lastShareAtMs > goneMs;
    }
    this.accepted += accepted;
    this.work += work;
    this.bestDifficulty = Math.max(this.bestDifficulty, bestDifficulty);
    this.firstSeenAtMs = Math.min(this.firstSeenAtMs, firstSeenAtMs);
    this.meter.seed(minutes, firstSeenAtMs, nowMs);
    for (const [code, count] of Object.entries(rejected)) this.reject(code, count);
  }

  /** Somebody let go of it. */
  left(nowMs: number): void {
    if (!this.held) this.#leftAtMs = nowMs;
  }

  state(nowMs: number, { idleMs, goneMs }: WorkerTimes): WorkerState {
    if (!this.held) return 'gone';
    const silentMs = this.#silentMs(nowMs);
    if (silentMs <= Math.max(idleMs, this.#usually(IDLE_GAPS))) return 'active';
    return this.channels === 0 && silentMs > Math.max(goneMs, this.#usually(GONE_GAPS)) ? 'gone' : 'idle';
  }

  /**
   * Why people should hear that it no longer works; undefined while it does, or has not begun to.
   * @param sinceMs since when it could have worked, for all that is known
   */
  absence(nowMs: number, { goneMs }: WorkerTimes, sinceMs: number): 'no channel' | 'no shares' | undefined {
    if (this.lastShareAtMs === undefined) return undefined;
    const silentMs = nowMs - Math.max(this.lastShareAtMs, sinceMs);
    if (!this.held) return Math.min(silentMs, nowMs - this.#leftAtMs) > goneMs ? 'no channel' : undefined;
    return silentMs > Math.max(goneMs, this.#usually(GONE_GAPS)) ? 'no shares' : undefined;
  }

  #silentMs(nowMs: number): number {
    return this.lastShareAtMs === undefined ? Number.POSITIVE_INFINITY : nowMs - this.lastShareAtMs;
  }

  /** How long so many mean gaps are, and more while few have been seen. */
  #usually(gaps: number): number {
    if (this.#gaps === 0) return this.channels > 0 ? 0 : gaps * UNKNOWN_GAP_MS;
    return gaps * this.#gapMs * (1 + GAPS / this.#gaps);
  }

  #learnGap(gapMs: number): void {
    this.#gaps = Math.min(GAPS, this.#gaps + 1);
    this.#gapMs += (Math.max(0, gapMs) - this.#gapMs) / this.#gaps;
  }
}

const NONE: ReadonlyMap<string, number> = new Map();
