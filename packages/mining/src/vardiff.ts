import { Suspicion } from './suspicion.ts';
import { VARDIFF_TUNING, type VardiffTuning } from './vardiff-tuning.ts';

/** Hashes that a share of difficulty 1 takes on average. */
export const HASHES_PER_DIFFICULTY = 2 ** 256 / (0xffff * 2 ** 208);

/** Shares of one channel that a network easier than shares may bring: faster ones hold blocks back for half a second. */
export const MOST_BLOCKS_PER_SECOND = 2;

/** Time that a single gap counts for at most, in milliseconds: a process that slept proves nothing about its miners. */
const LONGEST_GAP_MS = 120_000;
/** Counted shares in an alarm that do not wait for the next look. */
const URGENT_SHARES = 20;
/** A step smaller than this is not worth a message. */
const LEAST_STEP = 0.05;
const LOOK_SPACING = 1.6;
/** What rounding a difficulty to a target and back may add to it. */
const ROUNDING = 1e-6;
/** A client that states a hashrate within this of the one before, as a log ratio, makes nothing new of what is known. */
const SMALL_CHANGE = 0.25;

/** Bounds of the difficulty; the lower one follows the client's maximum target. */
export interface DifficultyBounds {
  readonly min: number;
  readonly max: number;
  /** Of a block: what is harder is eased to it, as far as {@link MOST_BLOCKS_PER_SECOND} allow. */
  readonly network?: number;
}

/**
 * Chooses the difficulty of one channel so that shares come at a wanted rate. Shares are a Poisson process: two
 * cumulative-sum tests watch for a rise or fall of the rate, an alarm re-estimates it from the data since the change,
 * and a few later looks refine the estimate. Between changes it stays put. Rejected shares never count.
 * Pure: time comes in as milliseconds.
 */
export class Vardiff {
  readonly #tuning: VardiffTuning;
  readonly #perSecond: number;
  readonly #rise: Suspicion;
  readonly #fall: Suspicion;
  #bounds: DifficultyBounds;
  /** Estimated difficulty per second. */
  #rate: number;
  #active: number;
  #wanted: number;
  #counted = 0;
  #expected = 0;
  #nextLook: number;
  #lastMs: number;

  /** @param difficulty of the first target, if the network's did not matter */
  constructor(
    difficulty: number,
    sharesPerMinute: number,
    bounds: DifficultyBounds,
    nowMs: number,
    tuning: VardiffTuning = VARDIFF_TUNING,
  ) {
    this.#tuning = tuning;
    this.#perSecond = sharesPerMinute / 60;
    this.#rise = new Suspicion(tuning.rise);
    this.#fall = new Suspicion(tuning.fall);
    this.#bounds = bounds;
    this.#rate = difficulty * this.#perSecond;
    this.#active = this.#eased(difficulty);
    this.#wanted = this.#active;
    this.#nextLook = tuning.firstLook;
    this.#lastMs = nowMs;
  }

  /** Estimated hashes per second. */
  get hashrate(): number {
    return this.#rate * HASHES_PER_DIFFICULTY;
  }

  /** The difficulty that the last evaluation asked for. */
  get difficulty(): number {
    return this.#wanted;
  }

  /**
   * Whether shares come so much faster than wanted that {@link evaluate} should not wait for its turn. Never where the
   * difficulty is held back: a burst would be taken for a rise anew at every look, with no time between.
   */
  get urgent(): boolean {
    return !this.#heldBack && this.#rise.evidence > this.#tuning.alarm && this.#rise.counted > URGENT_SHARES;
  }

  /** Whether the bounds have moved past the difficulty: {@link evaluate} should not wait for its turn. */
  get outOfBounds(): boolean {
    const { min, max } = this.#bounds;
    if (this.#wanted > max * (1 + ROUNDING) || this.#wanted < min * (1 - ROUNDING)) return true;
    const proper = this.#proper;
    const eased = this.#eased(proper);
    return eased < proper && this.#wanted > eased * (1 + ROUNDING);
  }

  /** A job with another target is mined from now on. */
  activated(difficulty: number, nowMs: number): void {
    this.#advance(nowMs);
    this.#active = difficulty;
  }

  /** A share was accepted. @param work its difficulty */
  accepted(work: number, nowMs: number): void {
    this.#advance(nowMs);
    this.#count(work / this.#active, 0);
  }

  /** The client's maximum target changed. */
  setBounds(bounds: DifficultyBounds): void {
    this.#bounds = bounds;
  }

  /** The client said that its hashrate changed: starts again from there. @param difficulty of the new target */
  restart(difficulty: number, nowMs: number): void {
    this.#rate = difficulty * this.#perSecond;
    this.#wanted = this.#eased(difficulty);
    this.#forget();
    this.#nextLook = this.#tuning.firstLook;
    this.#lastMs = nowMs;
  }

  /**
   * The client said that its hashrate changed by a factor. What has been seen so far of how wrong the estimate is holds
   * for the new one too, unless the change is large: busy proxies state small ones every second.
   */
  scale(factor: number, nowMs: number): void {
    const { min, max } = this.#bounds;
    const difficulty = clamp(this.#unchanged * factor, min, max);
    if (Math.abs(Math.log(factor)) > SMALL_CHANGE) return this.restart(difficulty, nowMs);
    this.#advance(nowMs);
    this.#rate = Math.max(min * this.#perSecond, this.#rate * factor);
    this.#wanted = this.#eased(difficulty);
  }

  /** @returns the difficulty to set, or undefined when it can stay */
  evaluate(nowMs: number): number | undefined {
    this.#advance(nowMs);
    const ratio = this.#change();
    if (ratio !== undefined) this.#step(ratio);
    const difficulty = this.#eased(this.#proper);
    if (!this.outOfBounds && Math.abs(Math.log(difficulty / this.#wanted)) < LEAST_STEP) return undefined;
    this.#wanted = difficulty;
    return difficulty;
  }

  /** The difficulty at which shares come at the wanted rate. */
  get #proper(): number {
    return clamp(this.#rate / this.#perSecond, this.#bounds.min, this.#bounds.max);
  }

  /** Whether a higher rate would change nothing: the bounds or the network allow no higher difficulty. */
  get #heldBack(): boolean {
    const proper = this.#proper;
    return this.#wanted >= this.#bounds.max * (1 - ROUNDING) || this.#eased(proper) < proper;
  }

  /** The difficulty at hand, as it would be if the network's did not matter. */
  get #unchanged(): number {
    const proper = this.#proper;
    return this.#eased(proper) < proper ? proper : this.#wanted;
  }

  #eased(difficulty: number): number {
    const { min, network } = this.#bounds;
    if (network === undefined || difficulty <= network) return difficulty;
    const ofBlocks = (difficulty * this.#perSecond) / MOST_BLOCKS_PER_SECOND;
    return Math.max(min, Math.min(difficulty, Math.max(network, ofBlocks)));
  }

  /** The rate's change, relative to the estimate, if there is good reason to believe in one. */
  #change(): number | undefined {
    const { alarm, doubt, firstLook, lastLook, band, deviations } = this.#tuning;
    const suspicion = [this.#rise, this.#fall].find((each) => each.evidence > alarm);
    if (suspicion !== undefined) {
      this.#counted = suspicion.counted;
      this.#expected = suspicion.expected;
      const ratio = (this.#counted + doubt) / (this.#expected + doubt);
      this.#nextLook = Math.max(firstLook, this.#expected * ratio * LOOK_SPACING);
      return ratio;
    }
    if (this.#expected < this.#nextLook) return undefined;
    this.#nextLook =
      this.#nextLook * LOOK_SPACING > lastLook ? Number.POSITIVE_INFINITY : this.#nextLook * LOOK_SPACING;
    const ratio = (this.#counted + 1) / (this.#expected + 1);
    const off = Math.abs(Math.log(ratio));
    return off > band && off * Math.sqrt(this.#expected) > deviations ? ratio : undefined;
  }

  #step(ratio: number): void {
    const { maxStepUp, maxStepDown } = this.#tuning;
    const step = clamp(ratio, 1 / maxStepDown, maxStepUp);
    const lowest = this.#bounds.min * this.#perSecond;
    const wanted = this.#rate * ratio;
    this.#rate = Math.max(lowest, this.#rate * step);
    this.#rise.reset();
    this.#fall.reset();
    if (this.#rate === wanted) this.#expected *= ratio;
    else this.#forget();
  }

  #forget(): void {
    this.#rise.reset();
    this.#fall.reset();
    this.#counted = 0;
    this.#expected = 0;
  }

  #advance(nowMs: number): void {
    const elapsed = clamp(nowMs - this.#lastMs, 0, LONGEST_GAP_MS);
    this.#lastMs = nowMs;
    if (elapsed > 0) this.#count(0, (this.#rate * elapsed) / 1000 / this.#active);
  }

  #count(counted: number, expected: number): void {
    this.#counted += counted;
    this.#expected += expected;
    this.#rise.add(counted, expected);
    this.#fall.add(counted, expected);
  }
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
