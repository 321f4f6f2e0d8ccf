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

/** What a job counts for beside its bytes: a node that holds so many bytes for jobs holds one job for each such part. */
const JOB_WEIGHT = 65_536;
/** What it costs to see that a solution is for another tip, and what hashing of a header and of a step of the path does. */
const GLANCE_BYTES = 32;
const HEADER_BYTES = 80;
const STEP_BYTES = 64;

/** One connection's jobs. */
interface Holding {
  /** Oldest first. */
  readonly jobs: DeclaredJob[];
  bytes: number;
  isOpen: boolean;
}

/** The jobs that were declared lately, of every connection, open ones or not: until the chain has passed them. */
export class JobBook {
  readonly #limits: DeclarationLimits;
  readonly #release: (handle: number) => void;
  /** By connection; the one that declared last is the last. */
  readonly #holdings = new Map<number, Holding>();
  readonly #handles = new Set<number>();
  #bytes = 0;

  constructor(limits: DeclarationLimits, release: (handle: number) => void) {
    this.#limits = limits;
    this.#release = release;
  }

  get size(): number {
    return this.#handles.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(job: DeclaredJob): void {
    const { jobsPerConnection, jobsInAll, jobBytes } = this.#limits;
    const holding = this.#holdings.get(job.peer) ?? { jobs: [], bytes: 0, isOpen: true };
    this.#holdings.delete(job.peer);
    this.#holdings.set(job.peer, holding);
    holding.jobs.push(job);
    holding.bytes += job.bytes;
    this.#handles.add(job.handle);
    this.#bytes += job.bytes;
    if (holding.jobs.length > jobsPerConnection) this.#dropOldest(job.peer, holding);
    while ((this.#bytes > jobBytes || this.size > jobsInAll) && this.size > 1) this.#dropLeastNeeded();
  }

  /** A connection has ended: its jobs stay, as long as there is room. */
  closed(peer: number): void {
    const holding = this.#holdings.get(peer);
    if (holding !== undefined) holding.isOpen = false;
  }

  /** The chain has a block of this height: what is for an earlier one is forgotten. Late blocks of this one may come. */
  passed(height: number): void {
    for (const [peer, holding] of this.#holdings) {
      const { jobs } = holding;
      const kept = jobs.filter((job) => job.height >= height);
      for (const job of jobs) if (job.height < height) this.#forget(job, holding);
      jobs.splice(0, jobs.length, ...kept);
      if (kept.length === 0) this.#holdings.delete(peer);
    }
  }

  /**
   * Makes room: half of what the jobs weigh goes. The latest job of each open connection is kept; when there are no
   * others, half of these go, the heaviest first.
   */
  shed(): void {
    const target = this.#weight / 2;
    const isAllNeeded = !this.#holdings.values().some((holding) => tierOf(holding) !== 'needed');
    while (this.size > 0 && this.#weight > target) if (!this.#dropLeastNeeded(isAllNeeded)) return;
  }

  /** The block that a solution makes of the latest job of this connection (§6.4.9); undefined when of another or none. */
  solveLatest(solution: Solution, peer: number): SolvedJob | undefined {
    const latest = this.#holdings.get(peer)?.jobs.at(-1);
    return latest === undefined ? undefined : solve(latest, solution);
  }

  /**
   * Tries a solution on all jobs, latest first, those of `peer` before all others. Yields after each of them what it has
   * cost: so many bytes were hashed.
   */
  *search(solution: Solution, peer: number | undefined): Generator<number, SolvedJob | undefined> {
    const jobs = [...this.#holdings].reverse().filter(([other]) => other !== peer);
    const own = peer === undefined ? undefined : this.#holdings.get(peer);
    for (const job of [own, ...jobs.map(([, holding]) => holding)].flatMap((each) => each?.jobs.toReversed() ?? [])) {
      const solved = this.#handles.has(job.handle) ? solve(job, solution) : undefined;
      if (solved !== undefined) return solved;
      yield costOf(job, solution);
    }
    return undefined;
  }

  /** The block that a solution makes of any job, however long that takes. */
  solve(solution: Solution): SolvedJob | undefined {
    const search = this.search(solution, undefined);
    for (;;) {
      const step = search.next();
      if (step.done === true) return step.value;
    }
  }

  get #weight(): number {
    return this.#bytes + this.size * JOB_WEIGHT;
  }

  /** @returns false when all that is left is needed and shall stay */
  #dropLeastNeeded(mayDropNeeded = true): boolean {
    let least: { peer: number; holding: Holding; rank: number } | undefined;
    for (const [peer, holding] of this.#holdings) {
      const rank = TIERS[tierOf(holding)] + holding.bytes + holding.jobs.length * JOB_WEIGHT;
      if (least === undefined || rank > least.rank) least = { peer, holding, rank };
    }
    if (least === undefined || (!mayDropNeeded && tierOf(least.holding) === 'needed')) return false;
    this.#dropOldest(least.peer, least.holding);
    return true;
  }

  #dropOldest(peer: number, holding: Holding): void {
    const oldest = holding.jobs.shift();
    if (oldest !== undefined) this.#forget(oldest, holding);
    if (holding.jobs.length === 0) this.#holdings.delete(peer);
  }

  #forget(job: DeclaredJob, holding: Holding): void {
    this.#handles.delete(job.handle);
    this.#bytes -= job.bytes;
    holding.bytes -= job.bytes;
    this.#release(job.handle);
  }
}

/** Whose jobs go first: above all that a holding can weigh. */
const TIERS = { ended: 2 ** 51, spare: 2 ** 50, needed: 0 } as const;

function tierOf({ isOpen, jobs }: Holding): keyof typeof TIERS {
  if (!isOpen) return 'ended';
  return jobs.length > 1 ? 'spare' : 'needed';
}

function isFor(job: DeclaredJob, { extranonce, prevHash, nbits }: Solution): boolean {
  return extranonce.length === job.parts.extranonceSize && nbits === job.nbits && sameBytes(prevHash, job.prevHash);
}

/** Of a try, in bytes hashed. */
function costOf(job: DeclaredJob, solution: Solution): number {
  if (!isFor(job, solution)) return GLANCE_BYTES;
  const { prefix, suffix, extranonceSize } = job.parts;
  return prefix.length + extranonceSize + suffix.length + STEP_BYTES * job.merklePath.length + HEADER_BYTES;
}

/** PushSolution carries no merkle root: whether it is for this job shows in the hash. */
function solve(job: DeclaredJob, solution: Solution): SolvedJob | undefined {
  if (!isFor(job, solution)) return undefined;
  const { extranonce, prevHash, nbits, version, ntime, nonce } = solution;
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
