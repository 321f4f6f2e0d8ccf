import { bytesToHex } from '@noble/hashes/utils.js';
import { difficultyFromTarget, encodeHeader, ExtendedShareHasher, targetFromNbits } from '@sv2kit/bitcoin';
import { utf8 } from '@sv2kit/codec';
import type { SearchSpace, Work } from '@sv2kit/mining';
import { swapWords } from '@sv2kit/sv1';
import { strippedSides } from './stripped-coinbase.ts';
import type { TranslatedJob } from './translated-job.ts';

/** The parts of a notify that no prefix, id or ntime changes. */
interface Pieces {
  readonly beforePrefix: Uint8Array;
  readonly afterPrefix: Uint8Array;
}

/**
 * A V2 extended job on its tip, whatever V1 jobs it has become: the same space, sent again with another ntime. Shared by
 * all miners; what few of them need is made when it is asked for.
 */
export class JobSource {
  /** The upstream's job id. */
  readonly jobId: number;
  /** Tells sources apart for {@link SeenShares}; above 0. */
  readonly number: number;
  readonly version: number;
  readonly versionRollingAllowed: boolean;
  /** Internal byte order. */
  readonly prevHash: Uint8Array;
  /** Of a block; 32 bytes, little-endian. */
  readonly networkTarget: Uint8Array;
  /** Unix seconds. */
  readonly minNtime: number;
  readonly receivedAtMs: number;
  readonly #nbits: number;
  readonly #space: SearchSpace & { kind: 'extended' };
  /** The latest of the V1 jobs that it has become, once it was refreshed. */
  newest: { readonly job: TranslatedJob; readonly sinceMs: number } | undefined;
  #pieces: Pieces | undefined;
  #networkDifficulty: number | undefined;
  readonly #hashers: ExtendedShareHasher[] = [];
  readonly #hasherSizes: number[] = [];

  /** @throws BitcoinError `bad-nbits`, `bad-coinbase` */
  constructor(work: Work, number: number) {
    if (work.space.kind !== 'extended') throw new Error('V1 miners roll an extranonce: a standard job has none');
    this.jobId = work.jobId;
    this.number = number;
    this.version = work.version;
    this.versionRollingAllowed = work.versionRollingAllowed;
    this.prevHash = work.prevHash;
    this.networkTarget = targetFromNbits(work.nbits);
    this.minNtime = work.minNtime;
    this.receivedAtMs = work.receivedAtMs;
    this.#nbits = work.nbits;
    this.#space = { ...work.space, ...strippedSides(work.space) };
  }

  get networkDifficulty(): number {
    return (this.#networkDifficulty ??= difficultyFromTarget(this.networkTarget));
  }

  /** Bytes of the coinbase without its extranonce, as it is hashed. */
  get coinbaseSize(): number {
    return this.#space.coinbasePrefix.length + this.#space.coinbaseSuffix.length;
  }

  /** @param extranonceSize in full: of one group they are all the same, of two channels they may differ */
  hasher(extranonceSize: number): ExtendedShareHasher {
    const known = this.#hashers[this.#hasherSizes.indexOf(extranonceSize)];
    if (known !== undefined) return known;
    const { prevHash, version, minNtime: ntime } = this;
    const { coinbasePrefix, coinbaseSuffix, merklePath } = this.#space;
    const merkleRoot = new Uint8Array(32);
    const header = encodeHeader({ version, prevHash, merkleRoot, ntime, nbits: this.#nbits, nonce: 0 });
    const hasher = new ExtendedShareHasher({ header, coinbasePrefix, coinbaseSuffix, extranonceSize, merklePath });
    this.#hashers.push(hasher);
    this.#hasherSizes.push(extranonceSize);
    return hasher;
  }

  /** They come back should anybody want them. */
  forgetPieces(): void {
    this.#pieces = undefined;
  }

  get pieces(): Pieces {
    if (this.#pieces !== undefined) return this.#pieces;
    const { coinbasePrefix, coinbaseSuffix, merklePath } = this.#space;
    const branches = merklePath.map((hash) => `"${bytesToHex(hash)}"`).join(',');
    const numbers = `"${hex32(this.version)}","${hex32(this.#nbits)}"`;
    this.#pieces = {
      beforePrefix: utf8(`","${bytesToHex(swapWords(this.prevHash))}","${bytesToHex(coinbasePrefix)}`),
      afterPrefix: utf8(`","${bytesToHex(coinbaseSuffix)}",[${branches}],${numbers},"`),
    };
    return this.#pieces;
  }
}

/** A u32 as eight hex digits. */
export function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
