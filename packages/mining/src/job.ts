import {
  type CoinbaseParts,
  difficultyFromTarget,
  encodeHeader,
  ExtendedShareHasher,
  joinCoinbase,
  merkleRoot,
  sha256d,
} from '@sv2kit/bitcoin';
import type { NewExtendedMiningJob } from '@sv2kit/codec';
import type { Tip, UpstreamJob, WorkTemplate } from './template.ts';

const ZERO_ROOT = new Uint8Array(32);

/** How a miner's own job was agreed on (§6.3). */
export type CustomJobMode = 'full-template' | 'coinbase-only';

/** Whose choice of transactions a job is. */
export type JobOrigin =
  | { readonly kind: 'template'; readonly template: WorkTemplate }
  /** The upstream's, which made the coinbase too. */
  | { readonly kind: 'upstream'; readonly job: UpstreamJob }
  | {
      readonly kind: 'custom';
      readonly mode: CustomJobMode;
      /** Of the token that SetCustomMiningJob named; 16 bytes. */
      readonly tokenId: Uint8Array;
    };

/** What a {@link Job} is made of. */
export interface JobParts {
  readonly id: number;
  readonly origin: JobOrigin;
  readonly version: number;
  /** Deepest first, internal byte order. */
  readonly merklePath: readonly Uint8Array[];
  readonly coinbase: CoinbaseParts;
  /** Whether no other job has this coinbase. */
  readonly numbered: boolean;
  /** Version bits that a share may change; 0: none. */
  readonly versionMask: number;
  /** Of the block that the job would make. */
  readonly height: number;
  /** Part of a share's difficulty that is credited: above 0, at most 1. */
  readonly credit: number;
}

/**
 * A unit of work (§5.1): a template made into one by a recipe (`templateJob`), an upstream's job (`upstreamJob`), or
 * what a client declared (`customJob`).
 * Immutable, and shared by every channel that mines it: what is a channel's own (prefix, target, time) is in its
 * {@link JobBook}.
 */
export class Job {
  readonly id: number;
  readonly origin: JobOrigin;
  readonly version: number;
  readonly merklePath: readonly Uint8Array[];
  readonly coinbase: CoinbaseParts;
  /** Whether no other job has this coinbase; without, a share of one job can be a share of another. */
  readonly numbered: boolean;
  /** Prefix and rolled part together, in bytes. */
  readonly extranonceSize: number;
  /** Version bits that a share may change; 0: none. */
  readonly versionMask: number;
  readonly height: number;
  readonly credit: number;
  #work: ActiveWork | undefined;
  #space: string | undefined;

  constructor(parts: JobParts) {
    this.id = parts.id;
    this.origin = parts.origin;
    this.version = parts.version;
    this.merklePath = parts.merklePath;
    this.coinbase = parts.coinbase;
    this.numbered = parts.numbered;
    this.extranonceSize = parts.coinbase.extranonceSize;
    this.versionMask = parts.versionMask;
    this.height = parts.height;
    this.credit = parts.credit;
  }

  /** Whether a share may have this nVersion. */
  versionError(version: number): 'version-rolling-not-allowed' | 'invalid-version-bits' | undefined {
    const changed = version ^ this.version;
    if (changed === 0) return undefined;
    if (this.versionMask === 0) return 'version-rolling-not-allowed';
    return (changed & ~this.versionMask) === 0 ? undefined : 'invalid-version-bits';
  }

  /** The merkle root for one extranonce of the full size (§5.1.2.1). */
  merkleRoot(extranonce: Uint8Array): Uint8Array {
    const coinbase = joinCoinbase(this.coinbase, extranonce, { segwit: false });
    return merkleRoot(sha256d(coinbase), this.merklePath);
  }

  /** Names the job's search space: the same for jobs that make the same merkle roots, in 16 characters. */
  get space(): string {
    this.#space ??= String.fromCharCode(...this.merkleRoot(new Uint8Array(this.extranonceSize)).subarray(0, 16));
    return this.#space;
  }

  /** The job on a tip; the same object for every channel that activates it there. */
  on(tip: Tip): ActiveWork {
    if (this.#work?.tip !== tip) this.#work = new ActiveWork(this, tip);
    return this.#work;
  }

  /** The job as a message (§5.3.16). @param minNtime unix seconds; undefined for a future job */
  message(channelId: number, minNtime: number | undefined): NewExtendedMiningJob {
    return {
      type: 'NewExtendedMiningJob',
      channelId,
      jobId: this.id,
      minNtime,
      version: this.version,
      versionRollingAllowed: this.versionMask !== 0,
      merklePath: this.merklePath,
      coinbaseTxPrefix: this.coinbase.prefix,
      coinbaseTxSuffix: this.coinbase.suffix,
    };
  }
}

/** A job and the tip that it is mined on. */
export class ActiveWork {
  readonly job: Job;
  readonly tip: Tip;
  /** Difficulty of a block on this tip. */
  readonly networkDifficulty: number;
  #hasher: ExtendedShareHasher | undefined;

  constructor(job: Job, tip: Tip) {
    this.job = job;
    this.tip = tip;
    this.networkDifficulty = difficultyFromTarget(tip.target);
  }

  /** Hashes extended shares of every channel on this job; made for the first of them. */
  get hasher(): ExtendedShareHasher {
    this.#hasher ??= new ExtendedShareHasher({
      header: this.header(ZERO_ROOT),
      coinbasePrefix: this.job.coinbase.prefix,
      coinbaseSuffix: this.job.coinbase.suffix,
      extranonceSize: this.job.extranonceSize,
      merklePath: this.job.merklePath,
    });
    return this.#hasher;
  }

  /** 80 bytes with everything that a share does not say. */
  header(root: Uint8Array): Uint8Array {
    const { prevHash, nbits, minNtime } = this.tip;
    return encodeHeader({ version: this.job.version, prevHash, merkleRoot: root, ntime: minNtime, nbits, nonce: 0 });
  }
}
