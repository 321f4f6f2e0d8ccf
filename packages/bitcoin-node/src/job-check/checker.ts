import { sameBytes } from '@sv2kit/bitcoin';
import type { Clock } from '../host.ts';
import { LIMITS } from '../limits.ts';
import { type BackEnd, isNodeFault, type WorkTip } from './back-end.ts';
import { type CheckedTransaction, type HashKey, hashKey, strippedSize } from './checked-transaction.ts';
import { type DraftBlock, draftBlock, overweight, roughSize } from './draft-block.ts';
import { FairQueue } from './fair-queue.ts';
import { HeldJobs } from './held-jobs.ts';
import { type JobContents, jobContents } from './job-contents.ts';
import type { JobCheckerStatus, JobVerdict } from './job-checker.ts';
import type { Judgement } from './judgement.ts';
import type { PackedJob } from './messages.ts';
import { RecentTransactions } from './recent-transactions.ts';

type Unavailable = Extract<JobVerdict, { kind: 'unavailable' }>;

/** What a job is made of, and the tip that it is believed to be on. */
interface JobParts {
  readonly transactions: readonly CheckedTransaction[];
  readonly tipHash: Uint8Array;
}

export interface CheckerParts {
  readonly backEnd: BackEnd;
  readonly clock: Clock;
  readonly concurrency: number;
}

/** Checks jobs, holds the valid ones and what they are made of. Runs in a worker: it is free to take its time. */
export class Checker implements Disposable {
  readonly #parts: CheckerParts;
  /** Provided for valid jobs. */
  readonly #validated = new RecentTransactions({
    transactions: LIMITS.maxValidatedTransactions,
    bytes: LIMITS.maxValidatedBytes,
  });
  readonly #jobs = new HeldJobs();
  readonly #queue: FairQueue;

  constructor(parts: CheckerParts) {
    this.#parts = parts;
    const { concurrency, clock } = parts;
    const bounds = {
      concurrency,
      waiting: LIMITS.maxWaitingChecks,
      waitingPerLane: LIMITS.maxWaitingChecksPerLane,
      bytes: LIMITS.maxWaitingBytes,
      restFromMs: LIMITS.longCheckMs,
      maxRestMs: LIMITS.maxCheckRestMs,
    };
    this.#queue = new FairQueue(bounds, clock);
  }

  /** Nothing more will be asked of it. */
  [Symbol.dispose](): void {
    this.#queue[Symbol.dispose]();
  }

  /**
   * @param handle of the job if it is valid
   * @param tipHash of the tip that the job is believed to be on
   * @throws the signal's reason when it aborts
   */
  async check(handle: number, job: PackedJob, tipHash: Uint8Array, signal: AbortSignal): Promise<JobVerdict> {
    const contents = await this.#contents(job);
    signal.throwIfAborted();
    if (contents.kind !== 'complete') return contents;
    if (this.#jobs.isFull) return unavailable('too many jobs are held');
    if (!this.#queue.hasRoom(job.lane, job.data.length)) return unavailable('too many jobs wait for their check');
    const { transactions } = contents;
    const task = (): Promise<JobVerdict> => this.#atNode(handle, job, { transactions, tipHash }, signal);
    const verdict = await this.#queue.run(job.lane, job.data.length, signal, task);
    if (verdict.kind === 'valid') this.#keep(handle, transactions);
    return verdict;
  }

  block(handle: number, header: Uint8Array, coinbase: Uint8Array): Uint8Array | undefined {
    return this.#jobs.block(handle, header, coinbase);
  }

  release(handle: number): void {
    this.#jobs.release(handle);
  }

  /** Drops provided transactions that were mined, and those that nobody used for long. */
  sweep(minedTxids: ReadonlySet<HashKey>): void {
    this.#validated.sweep(minedTxids, this.#parts.clock.now());
  }

  status(): JobCheckerStatus {
    const { transactions, ipc } = this.#parts.backEnd;
    return {
      ...(ipc === undefined ? {} : { ipc }),
      known: transactions.size,
      bytes: transactions.bytes,
      validated: this.#validated.size,
      validatedBytes: this.#validated.bytes,
      jobs: this.#jobs.size,
      jobBytes: this.#jobs.bytes,
      running: this.#queue.running,
      waiting: this.#queue.waiting,
    };
  }

  /** What a job misses the node may have got a moment ago: asking it costs less than asking the peer. */
  async #contents(job: PackedJob): Promise<JobContents | Unavailable> {
    const find = (wtxid: HashKey): CheckedTransaction | undefined => this.#find(wtxid);
    const contents = jobContents(job, find);
    if (contents.kind !== 'missing') return contents;
    try {
      await this.#parts.backEnd.seek(contents.positions.map((position) => hashKey(job.wtxids, position)));
    } catch (error) {
      if (isNodeFault(error)) return unavailable(error.message);
      throw error;
    }
    return jobContents(job, find);
  }

  #find(wtxid: HashKey): CheckedTransaction | undefined {
    return this.#parts.backEnd.transactions.get(wtxid) ?? this.#validated.get(wtxid) ?? this.#jobs.get(wtxid);
  }

  async #atNode(handle: number, job: PackedJob, parts: JobParts, signal: AbortSignal): Promise<JobVerdict> {
    const { transactions, tipHash } = parts;
    const { backEnd } = this.#parts;
    const { tip } = backEnd;
    if (tip === undefined) return unavailable('the node is away');
    if (!sameBytes(tip.hash, tipHash)) return { kind: 'stale' };
    // Before the block is put together, which costs something.
    const tooMuch = tooLarge(job, transactions);
    if (tooMuch !== undefined) return { kind: 'invalid', reason: tooMuch };
    if (transactions.some((transaction) => this.#isCostly(transaction))) return { kind: 'invalid', reason: 'tx-size' };
    const block = draftBlock(job, transactions, tip);
    if (block === undefined) return { kind: 'invalid', reason: 'bad-coinbase' };
    const tooHeavy = overweight(block.weight, block.bytes.length);
    if (tooHeavy !== undefined) return { kind: 'invalid', reason: tooHeavy };
    const judgement = await this.#judge(block, transactions, tip, signal);
    if (judgement.kind !== 'valid') return judgement;
    if (backEnd.tip === undefined) return unavailable('the node is away');
    if (!sameBytes(backEnd.tip.hash, tip.hash)) return { kind: 'stale' };
    return {
      kind: 'valid',
      handle,
      prevHash: tip.hash,
      nbits: tip.nbits,
      height: tip.height + 1,
      minNtime: tip.minNtime,
      merklePath: block.merklePath,
      value: judgement.value,
      weight: block.weight,
    };
  }

  /** Whether it may hold up the node for long: one that is in its mempool it has looked at before. */
  #isCostly(transaction: CheckedTransaction): boolean {
    if (strippedSize(transaction) <= LIMITS.maxStrangerBytes) return false;
    return this.#parts.backEnd.transactions.get(transaction.wtxid) === undefined;
  }

  async #judge(
    block: DraftBlock,
    transactions: readonly CheckedTransaction[],
    tip: WorkTip,
    signal: AbortSignal,
  ): Promise<Judgement | Unavailable> {
    const { backEnd } = this.#parts;
    try {
      const judgement = await backEnd.judge(block, transactions, tip, signal);
      signal.throwIfAborted();
      if (judgement.kind === 'stale') backEnd.look();
      return judgement;
    } catch (error) {
      signal.throwIfAborted();
      if (isNodeFault(error)) return unavailable(error.message);
      throw error;
    }
  }

  #keep(handle: number, transactions: readonly CheckedTransaction[]): void {
    const now = this.#parts.clock.now();
    for (const transaction of transactions) {
      if (this.#parts.backEnd.transactions.get(transaction.wtxid) === undefined) this.#validated.use(transaction, now);
    }
    this.#jobs.hold(handle, transactions);
  }
}

/** The node's word for a job whose transactions alone are more than a block can hold. */
function tooLarge(job: PackedJob, transactions: readonly CheckedTransaction[]): string | undefined {
  const size = roughSize(job, transactions);
  if (size > LIMITS.maxBlockBytes) return 'bad-blk-weight';
  const weight = transactions.reduce((sum, transaction) => sum + transaction.weight, 0);
  return overweight(weight, size - job.coinbase.length);
}

function unavailable(reason: string): Unavailable {
  return { kind: 'unavailable', reason };
}
