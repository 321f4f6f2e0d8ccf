import {
  type CoinbaseParts,
  encodeHeader,
  hashHeader,
  joinCoinbase,
  meetsTarget,
  merkleRoot,
  sameBytes,
  sha256d,
  targetFromNbits,
} from '@sv2kit/bitcoin';
import type { PushSolution } from '@sv2kit/codec';
import type { DeclarationLimits } from '../limits.ts';
import type { SolvedJob } from './effects.ts';

/** A declared job, as far as a block found on it needs it. */
export interface DeclaredJob {
  readonly peer: number;
  readonly userIdentity: Uint8Array;
  readonly handle: number;
  readonly prevHash: Uint8Array;
  readonly nbits: number;
  readonly height: number;
  readonly parts: CoinbaseParts;
  readonly segwit: boolean;
  readonly merklePath: readonly Uint8Array[];
  /** What it holds in memory, here and at the node. */
  readonly bytes: number;
}

/** The fields of a solution (§6.4.9). */
export type Solution = Omit<PushSolution, 'type'>;

/** The jobs that were declared lately, of every connection, open ones or not: until the chain has passed them. */
export class JobBook {
  readonly #limits: DeclarationLimits;
  readonly #release: (handle: number) => void;
  /** By connection, oldest first. */
  readonly #jobs = new Map<number, DeclaredJob[]>();
  #bytes = 0;
  #size = 0;

  constructor(limits: DeclarationLimits, release: (handle: number) => void) {
    this.#limits = limits;
    this.#release = release;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(job: DeclaredJob): void {
    const own = this.#jobs.get(job.peer) ?? [];
    own.push(job);
    // The connection that declared last is the last of the map.
    this.#jobs.delete(job.peer);
    this.#jobs.set(job.peer, own);
    this.#bytes += job.bytes;
    this.#size += 1;
    if (own.length > this.#limits.jobsPerConnection) this.#dropOldest(job.peer, own);
    while (this.#bytes > this.#limits.jobBytes && this.#dropOfGreatest());
  }

  /** The chain has a block of this height: what is for an earlier one is forgotten. Late blocks of this one may come. */
  passed(height: number): void {
    for (const [peer, own] of this.#jobs) {
      const kept = own.filter((job) => {
        if (job.height >= height) return true;
        this.#forget(job);
        return false;
      });
      if (kept.length === 0) this.#jobs.delete(peer);
      else this.#jobs.set(peer, kept);
    }
  }

  /** Makes room: only the latest job of each connection is kept or, when there are no others, the later half of these. */
  shed(): void {
    const before = this.#size;
    for (const [peer, own] of this.#jobs) while (own.length > 1) this.#dropOldest(peer, own);
    if (this.#size < before) return;
    for (const [peer, own] of [...this.#jobs].slice(0, Math.ceil(this.#jobs.size / 2))) this.#dropOldest(peer, own);
  }

  /** Latest first; those of `peer` before all others. */
  *recent(peer: number | undefined): Generator<DeclaredJob> {
    const own = peer === undefined ? undefined : this.#jobs.get(peer);
    if (own !== undefined) yield* own.toReversed();
    for (const [other, jobs] of [...this.#jobs].reverse()) if (other !== peer) yield* jobs.toReversed();
  }

  /** The block that a solution makes of a declared job; undefined when it makes none of any. */
  solve(solution: Solution, peer: number | undefined): SolvedJob | undefined {
    for (const job of this.recent(peer)) {
      const solved = solve(job, solution);
      if (solved !== undefined) return solved;
    }
    return undefined;
  }

  #dropOldest(peer: number, own: DeclaredJob[]): void {
    const oldest = own.shift();
    if (oldest !== undefined) this.#forget(oldest);
    if (own.length === 0) this.#jobs.delete(peer);
  }

  /** @returns false when there is nothing to drop but the last job there is */
  #dropOfGreatest(): boolean {
    let greatest: { peer: number; own: DeclaredJob[]; bytes: number } | undefined;
    for (const [peer, own] of this.#jobs) {
      const bytes = own.reduce((sum, job) => sum + job.bytes, 0);
      if (greatest === undefined || bytes > greatest.bytes) greatest = { peer, own, bytes };
    }
    if (greatest === undefined || this.#size === 1) return false;
    this.#dropOldest(greatest.peer, greatest.own);
    return true;
  }

  #forget(job: DeclaredJob): void {
    this.#bytes -= job.bytes;
    this.#size -= 1;
    this.#release(job.handle);
  }
}

/** PushSolution carries no merkle root: whether it is for this job shows in the hash. */
function solve(job: DeclaredJob, solution: Solution): SolvedJob | undefined {
  const { extranonce, prevHash, nbits, version, ntime, nonce } = solution;
  if (extranonce.length !== job.parts.extranonceSize || nbits !== job.nbits) return undefined;
  if (!sameBytes(prevHash, job.prevHash)) return undefined;
  const txid = sha256d(joinCoinbase(job.parts, extranonce, { segwit: false }));
  const header = encodeHeader({
    version,
    prevHash,
    merkleRoot: merkleRoot(txid, job.merklePath),
    ntime,
    nbits,
    nonce,
  });
  const hash = hashHeader(header);
  if (!meetsTarget(hash, targetFromNbits(nbits))) return undefined;
  const coinbase = joinCoinbase(job.parts, extranonce, { segwit: job.segwit });
  const { handle, height, peer, userIdentity } = job;
  return { handle, hash: hash.slice(), header, coinbase, height, peer, userIdentity };
}
