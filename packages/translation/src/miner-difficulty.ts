import { HASHES_PER_DIFFICULTY, Vardiff, VARDIFF_TUNING, type VardiffTuning } from '@sv2kit/mining';
import type { FirmwareProfile } from './profiles.ts';
import { floorPowerOfTwo, minerDifficulty, type PasswordFields, SV1_LIMITS } from '@sv2kit/sv1';

/** How long to wait for a share, counted in expected ones, and by how much the difficulty goes down then. */
interface Silence {
  readonly expected: number;
  readonly step: number;
}

/** How a {@link MinerDifficulty} goes about it. The defaults were chosen by simulation (`test/miner-difficulty.test.ts`). */
export interface DifficultyTuning {
  /** A new power of two is taken when the wanted difficulty is so many times the present one, or so small a part of it. */
  readonly up: number;
  readonly down: number;
  /** A miner of which no share has come for so long, counted in expected ones, is far weaker than was guessed. */
  readonly silence: Silence;
  /** The same for a miner of which few have come. */
  readonly sparse: Silence;
  /** No silence is shorter, however many shares are wanted: a device has to start, in milliseconds. */
  readonly leastSilenceMs: number;
  /**
   * Least time between two looks that do not wait for a job, in milliseconds. Short: a strong machine of unknown firmware
   * sends its upstream a hundred shares a second until it is found out.
   */
  readonly urgentMs: number;
  /** Accepted shares after which neither the miner's suggestions nor its silence count: its rate of shares says it better. */
  readonly evidence: number;
  readonly vardiff: VardiffTuning;
}

export const DIFFICULTY_TUNING: DifficultyTuning = {
  up: 1.7,
  down: 0.6,
  silence: { expected: 3.5, step: 64 },
  sparse: { expected: 6, step: 8 },
  leastSilenceMs: 5_000,
  urgentMs: 250,
  evidence: 8,
  vardiff: { ...VARDIFF_TUNING, maxStepUp: 64 },
};

/** More than an exahash a second has no V1 connection: from a wrong word beyond it the way down would be long. */
const MOST_AT_START = 2 ** 32;

/**
 * Hashes per second that a miner is believed on its word alone; no machine makes more. Were it believed more, an upstream
 * would make a channel so hard that all who share it were left without shares.
 */
const MOST_UNPROVEN = 1e15;
/** The estimate goes as low as a miner is weak: what holds its difficulty up says nothing of it. */
const ESTIMATE_BOUNDS = { min: 2 ** -40, max: SV1_LIMITS.mostDifficulty };

/** What a miner's difficulty starts from; the first one that is there counts: the miner's own word, the operator's, a guess. */
export interface DifficultyOptions {
  readonly sharesPerMinute: number;
  /** None is easier, unless the upstream's is. */
  readonly floor: number;
  readonly password?: PasswordFields;
  /** mining.suggest_difficulty or mining.suggest_target, where it came before the first job. */
  readonly suggested?: number;
  /** The operator's. */
  readonly start?: number;
  /** Of the firmware family. Its least difficulty holds unless the miner asks for less itself. */
  readonly profile: Pick<FirmwareProfile, 'startDifficulty' | 'leastDifficulty'>;
  readonly tuning?: DifficultyTuning;
}

/** What bounds the difficulty of a job from above. */
export interface DifficultyLimits {
  /** The channel's for this job: what is harder than it would withhold shares that are paid. */
  readonly upstreamTarget: Uint8Array;
  /** Of a block on the job's tip. */
  readonly networkDifficulty: number;
}

/**
 * The difficulty of one V1 miner: a power of two, because much firmware rounds down to one and the rest of its work would
 * count for nobody. It follows {@link Vardiff} with hysteresis, and changes only when a job goes out.
 */
export class MinerDifficulty {
  readonly #tuning: DifficultyTuning;
  readonly #sharesPerMinute: number;
  readonly #floor: number;
  readonly #fixed: boolean;
  #start: number;
  #vardiff: Vardiff | undefined;
  /** What the next job would have if nothing bounded it from above. */
  #level: number;
  #current: number | undefined;
  #limits: DifficultyLimits | undefined;
  #upstream: { readonly target: Uint8Array; readonly difficulty: number } | undefined;
  #accepted = 0;
  #suggested: number | undefined;
  /** A first one is answered with a job at once; later ones wait as every change does. */
  #suggestion: 'none' | 'first' | 'later' | 'done' = 'none';
  /** When the difficulty at hand, or the latest guess, began; or the latest share came. */
  #sinceMs = 0;
  #lookedMs = 0;

  constructor({ sharesPerMinute, floor, password, suggested, start, profile, tuning }: DifficultyOptions) {
    const asked = password?.difficulty ?? suggested;
    const least = Math.max(
      floor,
      password?.minimumDifficulty ?? 0,
      Math.min(profile.leastDifficulty, asked ?? Infinity),
    );
    this.#tuning = tuning ?? DIFFICULTY_TUNING;
    this.#sharesPerMinute = sharesPerMinute;
    this.#floor = Math.min(least, SV1_LIMITS.mostDifficulty);
    this.#fixed = password?.fixed === true;
    this.#suggested = suggested;
    this.#start = this.#within(asked ?? start ?? profile.startDifficulty);
    this.#level = floorPowerOfTwo(this.#start);
  }

  /** The difficulty of the latest job; undefined before the first. */
  get current(): number | undefined {
    return this.#current;
  }

  /** Estimated hashes per second; before there are shares what is guessed, within reason. */
  get hashrate(): number {
    const hashrate = this.#vardiff?.hashrate ?? (this.#start * HASHES_PER_DIFFICULTY * this.#sharesPerMinute) / 60;
    return this.#accepted < this.#tuning.evidence ? Math.min(hashrate, MOST_UNPROVEN) : hashrate;
  }

  /**
   * The miner says what it would like: heard as long as its shares say little. Most firmware says it when it is authorised,
   * so that its first job is out already. NerdMiner says the same again every 30 seconds without a share: that is no news.
   */
  suggest(difficulty: number, nowMs: number): void {
    if (this.#fixed || this.#accepted >= this.#tuning.evidence || difficulty === this.#suggested) return;
    this.#suggested = difficulty;
    this.#guess(difficulty, nowMs);
    this.#suggestion = this.#suggestion === 'none' ? 'first' : 'later';
  }

  /** The difficulty of a job that goes out now. */
  next(limits: DifficultyLimits, nowMs: number): number {
    this.#limits = limits;
    this.#vardiff ??= this.#begin(nowMs);
    this.#vardiff.setBounds({ ...ESTIMATE_BOUNDS, network: limits.networkDifficulty });
    this.#hear(this.#vardiff, nowMs);
    this.#look(this.#vardiff, nowMs);
    const difficulty = this.#bounded(this.#vardiff, limits);
    if (difficulty !== this.#current) {
      this.#vardiff.activated(difficulty, nowMs);
      this.#current = difficulty;
      this.#sinceMs = nowMs;
    }
    return difficulty;
  }

  /** A share was accepted. @param work its difficulty; 0 for a block that proves none */
  accepted(work: number, nowMs: number): void {
    if (work === 0) return;
    this.#accepted += 1;
    this.#sinceMs = nowMs;
    this.#vardiff?.accepted(work, nowMs);
  }

  /**
   * Whether the difficulty is so wrong that the job at hand should go out again with another: shares pour in, or none ever
   * came. Cheap; to be asked after each share, and once a second or so.
   */
  wantsJob(nowMs: number): boolean {
    const vardiff = this.#vardiff;
    const limits = this.#limits;
    if (vardiff === undefined || limits === undefined || this.#fixed) return false;
    if (Math.abs(nowMs - this.#lookedMs) < this.#tuning.urgentMs && this.#suggestion !== 'first') return false;
    const asked = this.#suggestion === 'first' || this.#suggestion === 'later';
    if (!this.#hear(vardiff, nowMs) && !asked && !vardiff.urgent && !vardiff.outOfBounds) return false;
    this.#look(vardiff, nowMs);
    return this.#bounded(vardiff, limits) !== this.#current;
  }

  #begin(nowMs: number): Vardiff {
    this.#sinceMs = nowMs;
    return new Vardiff(this.#start, this.#sharesPerMinute, ESTIMATE_BOUNDS, nowMs, this.#tuning.vardiff);
  }

  #guess(difficulty: number, nowMs: number): void {
    this.#start = this.#within(difficulty);
    this.#level = floorPowerOfTwo(this.#start);
    this.#vardiff?.restart(this.#start, nowMs);
    this.#sinceMs = nowMs;
  }

  /** @returns whether the miner is silent: then it is guessed to be far weaker */
  #hear(vardiff: Vardiff, nowMs: number): boolean {
    if (this.#fixed || this.#accepted >= this.#tuning.evidence || this.#start <= this.#floor) return false;
    const { expected, step } = this.#accepted === 0 ? this.#tuning.silence : this.#tuning.sparse;
    const silentMs = Math.abs(nowMs - this.#sinceMs);
    if (silentMs < this.#tuning.leastSilenceMs) return false;
    if ((silentMs / 60_000) * this.#sharesPerMinute < expected) return false;
    this.#guess(vardiff.difficulty / step, nowMs);
    return true;
  }

  #look(vardiff: Vardiff, nowMs: number): void {
    this.#lookedMs = nowMs;
    if (this.#suggestion !== 'none') this.#suggestion = 'done';
    vardiff.evaluate(nowMs);
    if (this.#fixed) return;
    const ratio = vardiff.difficulty / this.#level;
    if (ratio < this.#tuning.up && ratio > this.#tuning.down) return;
    this.#level = floorPowerOfTwo(vardiff.difficulty * Math.SQRT2);
  }

  /** Upstream's bound wins over the floor. On a network easier than shares every hash of its target has to come. */
  #bounded(vardiff: Vardiff, { upstreamTarget, networkDifficulty }: DifficultyLimits): number {
    if (this.#upstream?.target !== upstreamTarget) {
      this.#upstream = { target: upstreamTarget, difficulty: minerDifficulty(upstreamTarget) };
    }
    const eased =
      this.#level > networkDifficulty && !this.#fixed
        ? Math.min(this.#level, floorPowerOfTwo(vardiff.difficulty))
        : this.#level;
    return Math.min(Math.max(eased, ceilPowerOfTwo(this.#floor)), this.#upstream.difficulty);
  }

  /** What a miner is started with, whatever it says of itself. */
  #within(difficulty: number): number {
    return Math.max(floorPowerOfTwo(Math.min(difficulty, MOST_AT_START)), this.#floor);
  }
}

function ceilPowerOfTwo(difficulty: number): number {
  const power = floorPowerOfTwo(difficulty);
  return power < difficulty ? 2 * power : power;
}
