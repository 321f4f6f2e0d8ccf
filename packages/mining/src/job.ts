import {
  BIP323_MASK,
  buildCoinbase,
  type CoinbaseParts,
  decodeOutputs,
  difficultyFromTarget,
  encodeHeader,
  ExtendedShareHasher,
  isWitnessCommitment,
  joinCoinbase,
  merkleRoot,
  sha256d,
} from '@sv2kit/bitcoin';
import type { NewExtendedMiningJob } from '@sv2kit/codec';
import type { Recipe } from './recipe.ts';
import type { Tip, WorkTemplate } from './template.ts';

const ZERO_ROOT = new Uint8Array(32);

/**
 * A template made into work by a recipe (§5.1). Immutable, and shared by every channel that mines it: what is a
 * channel's own (prefix, target, time) is in its {@link JobBook}.
 */
export class Job {
  readonly id: number;
  readonly template: WorkTemplate;
  readonly recipe: Recipe;
  readonly coinbase: CoinbaseParts;
  #work: ActiveWork | undefined;

  /**
   * @param serial its low 16 bits end the tag and so keep the search spaces of jobs from equal templates apart
   * @throws BitcoinError `bad-outputs` when the template's outputs are no outputs, `script-sig-too-long` when tag and extranonce do not fit the coinbase's script
   */
  constructor(id: number, template: WorkTemplate, recipe: Recipe, serial: number) {
    this.id = id;
    this.template = template;
    this.recipe = recipe;
    this.coinbase = buildCoinbase({
      txVersion: template.coinbaseTxVersion,
      scriptSigPrefix: template.coinbasePrefix,
      tag: numberedTag(recipe.tag, serial),
      extranonceSize: recipe.extranonceSize,
      sequence: template.coinbaseTxInputSequence,
      outputs: recipe.payout.outputs(template.coinbaseTxValueRemaining),
      templateOutputs: { count: template.coinbaseTxOutputsCount, bytes: template.coinbaseTxOutputs },
      locktime: template.coinbaseTxLocktime,
      segwit: commitsToWitnesses(template),
    });
  }

  /** Whether a share may have this nVersion. */
  versionError(version: number): 'version-rolling-not-allowed' | 'invalid-version-bits' | undefined {
    const changed = version ^ this.template.version;
    if (changed === 0) return undefined;
    if (!this.recipe.versionRollingAllowed) return 'version-rolling-not-allowed';
    return (changed & ~BIP323_MASK) === 0 ? undefined : 'invalid-version-bits';
  }

  /** The merkle root of a standard job (§5.1.2.1); `extranonce` has the recipe's full size. */
  merkleRoot(extranonce: Uint8Array): Uint8Array {
    const coinbase = joinCoinbase(this.coinbase, extranonce, { segwit: false });
    return merkleRoot(sha256d(coinbase), this.template.merklePath);
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
      version: this.template.version,
      versionRollingAllowed: this.recipe.versionRollingAllowed,
      merklePath: this.template.merklePath,
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
      extranonceSize: this.job.recipe.extranonceSize,
      merklePath: this.job.template.merklePath,
    });
    return this.#hasher;
  }

  /** 80 bytes with everything that a share does not say. */
  header(root: Uint8Array): Uint8Array {
    const { prevHash, nbits, minNtime } = this.tip;
    return encodeHeader({
      version: this.job.template.version,
      prevHash,
      merkleRoot: root,
      ntime: minNtime,
      nbits,
      nonce: 0,
    });
  }
}

/** Only a coinbase that commits to witnesses carries one of its own (BIP141). */
function commitsToWitnesses({ coinbaseTxOutputs, coinbaseTxOutputsCount }: WorkTemplate): boolean {
  return decodeOutputs(coinbaseTxOutputs, coinbaseTxOutputsCount).some(isWitnessCommitment);
}

/** The tag and two little-endian bytes of the serial. */
function numberedTag(tag: Uint8Array, serial: number): Uint8Array {
  const bytes = new Uint8Array(tag.length + 2);
  bytes.set(tag);
  bytes[tag.length] = serial;
  bytes[tag.length + 1] = serial >>> 8;
  return bytes;
}
