import { compareTargets, difficultyFromTarget, targetFromDifficulty } from '@sv2kit/bitcoin';
import type { JournalRecord } from '@sv2kit/ledger';
import {
  Acknowledgements,
  type BatchPolicy,
  type DifficultyBounds,
  type ExtendedChannel,
  type ExtranonceLease,
  type Feed,
  type Group,
  type Recipe,
  type ShareErrorCode,
  type StandardChannel,
  type TargetPolicy,
  usefulDifficulty,
  Vardiff,
  type VardiffTuning,
  WorkMeter,
} from '@sv2kit/mining';
import { type BadShareLimits, Standing } from './bad-shares/standing.ts';
import type { Downstream } from './downstream.ts';
import type { NamedWorkers } from './workers/named-workers.ts';
import type { Worker } from './workers/worker.ts';

/** A job this many times easier than the target that is set by now is replaced at once. */
const FAR_TOO_EASY = 4;

export type AnyChannel = StandardChannel | ExtendedChannel;

/** How a channel gets its work. */
export type Addressee =
  /** With the others of its group. */
  | { readonly kind: 'group'; readonly group: Group<AnyChannel> }
  /** On its own: its connection cannot process extended jobs (REQUIRES_STANDARD_JOBS). */
  | { readonly kind: 'own'; readonly feed: Feed; recipe: Recipe }
  /** Not from the server: the client brings its own (REQUIRES_WORK_SELECTION), for one channel or all of a group. */
  | { readonly kind: 'custom'; readonly group: Group<AnyChannel> };

export interface MinerOptions {
  readonly downstream: Downstream;
  /** Names the channel in the journal. */
  readonly key: number;
  readonly channel: AnyChannel;
  readonly lease: ExtranonceLease;
  readonly addressee: Addressee;
  readonly userIdentity: Uint8Array;
  readonly nominalHashRate: number;
  /** What the client's hashrate is worth, however easy blocks are. */
  readonly statedDifficulty: number;
  /** Who it is by its own identity. */
  readonly worker: Worker;
  readonly nowMs: number;
}

/** One open channel with all that the server keeps beside its jobs. */
export class Miner {
  readonly downstream: Downstream;
  readonly key: number;
  readonly channel: AnyChannel;
  readonly lease: ExtranonceLease;
  readonly addressee: Addressee;
  readonly userIdentity: Uint8Array;
  readonly openedAtMs: number;
  readonly vardiff: Vardiff;
  readonly acknowledgements: Acknowledgements;
  /** Who it is by its own identity. */
  readonly worker: Worker;
  readonly standing: Standing;
  /** Those whom its shares name (extension 0x0002); undefined while none does. */
  names: NamedWorkers | undefined;
  /** Undefined before its first accepted share. */
  meter: WorkMeter | undefined;
  readonly rejected = new Map<ShareErrorCode, number>();
  /** The id of the group that it is alone in; undefined when it shares one. */
  ownGroupId: number | undefined;
  /** What the journal is to say of it before its shares, and has not taken yet: its opening, its own jobs. */
  unrecorded: JournalRecord[] = [];
  nominalHashRate: number;
  accepted = 0;
  /** Sum of credited difficulties. */
  work = 0;
  /** That the best hash shows; 0 without one. */
  bestDifficulty = 0;
  lastShareAtMs: number | undefined;
  /** When a good share of it could not be recorded last. */
  unrecordedAtMs: number | undefined;
  #policy: TargetPolicy;
  #activeDifficulty: number;

  constructor(
    options: MinerOptions,
    settings: {
      readonly targets: TargetPolicy;
      readonly batch: BatchPolicy;
      readonly vardiff?: VardiffTuning;
      readonly badShares: BadShareLimits;
    },
  ) {
    const { channel, nowMs } = options;
    this.downstream = options.downstream;
    this.key = options.key;
    this.channel = channel;
    this.lease = options.lease;
    this.addressee = options.addressee;
    this.userIdentity = options.userIdentity;
    this.nominalHashRate = options.nominalHashRate;
    this.worker = options.worker;
    this.standing = new Standing(settings.badShares);
    this.openedAtMs = nowMs;
    this.#policy = settings.targets;
    this.#activeDifficulty = difficultyFromTarget(channel.target);
    const { sharesPerMinute } = settings.targets;
    const stated = Math.max(this.#activeDifficulty, options.statedDifficulty);
    this.vardiff = new Vardiff(stated, sharesPerMinute, this.#bounds(), nowMs, settings.vardiff);
    this.vardiff.activated(this.#activeDifficulty, nowMs);
    this.acknowledgements = new Acknowledgements(channel.channelId, settings.batch);
  }

  /** A share was accepted. @param best what its hash shows */
  accept(credited: number, measured: number, best: number, nowMs: number): void {
    this.accepted += 1;
    this.work += credited;
    this.lastShareAtMs = nowMs;
    if (best > this.bestDifficulty) this.bestDifficulty = best;
    this.meter ??= new WorkMeter(this.openedAtMs);
    this.meter.add(measured, nowMs);
    this.vardiff.accepted(measured, nowMs);
    this.standing.accepted();
  }

  /** What its jobs are made with. */
  get recipe(): Recipe {
    const { addressee } = this;
    return addressee.kind === 'own' ? addressee.recipe : addressee.group.recipe;
  }

  /**
   * Whether its prefix may have been mined with. A hash that its client keeps back would do so too, for a later channel of
   * the same prefix and another target; but shares of an upstream's jobs are paid by the upstream, whatever their target.
   */
  get hasMined(): boolean {
    return this.accepted > 0 || this.channel.active?.job.origin.kind !== 'upstream';
  }

  /** Whether the target that is set is so much harder than that of the job at hand that it should not wait for the next. */
  get isFarTooEasy(): boolean {
    return this.vardiff.difficulty >= FAR_TOO_EASY * this.#activeDifficulty;
  }

  /** Targets are set in another way from now on. @returns whether the one at hand is out of bounds */
  setPolicy(policy: TargetPolicy): boolean {
    this.#policy = policy;
    this.vardiff.setBounds(this.#bounds());
    return this.vardiff.outOfBounds;
  }

  /** Vardiff must know when another target binds. */
  noteActivation(nowMs: number): void {
    const difficulty = this.channel.active?.difficulty;
    if (difficulty === undefined || difficulty === this.#activeDifficulty) return;
    this.#activeDifficulty = difficulty;
    this.vardiff.activated(difficulty, nowMs);
  }

  /** @returns the target that vardiff now wants, set but not yet sent; undefined when it stays */
  retarget(nowMs: number): Uint8Array | undefined {
    const difficulty = this.vardiff.evaluate(nowMs);
    return difficulty === undefined ? undefined : this.#setDifficulty(difficulty);
  }

  /**
   * UpdateChannel (§5.3.7): another hashrate moves the target in proportion, another maximum bounds it.
   * @returns the target to send
   */
  update(nominalHashRate: number, maximumTarget: Uint8Array, statedDifficulty: number, nowMs: number): Uint8Array {
    this.channel.setMaxTarget(maximumTarget);
    this.vardiff.setBounds(this.#bounds());
    const before = this.nominalHashRate;
    this.nominalHashRate = nominalHashRate;
    if (nominalHashRate === before) this.vardiff.evaluate(nowMs);
    else if (nominalHashRate > 0 && before > 0) this.vardiff.scale(nominalHashRate / before, nowMs);
    else {
      const { min, max } = this.#bounds();
      this.vardiff.restart(Math.min(max, Math.max(min, statedDifficulty)), nowMs);
    }
    return this.#setDifficulty(this.vardiff.difficulty);
  }

  /** Difficulty that rounding may have put a hair above the client's maximum target is put back. */
  #setDifficulty(difficulty: number): Uint8Array {
    const wanted = targetFromDifficulty(difficulty);
    const { maxTarget } = this.channel;
    const target = compareTargets(wanted, maxTarget) > 0 ? maxTarget : wanted;
    this.channel.setTarget(target);
    return target;
  }

  #bounds(): DifficultyBounds {
    const easiest = difficultyFromTarget(this.channel.maxTarget);
    const max = Math.max(usefulDifficulty(this.#policy), easiest);
    const { minDifficulty, networkDifficulty: network } = this.#policy;
    const bounds = { min: Math.min(max, Math.max(minDifficulty, easiest)), max };
    return network === undefined ? bounds : { ...bounds, network };
  }
}
