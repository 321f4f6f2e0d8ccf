import { displayHash, sameBytes } from '@sv2kit/bitcoin';
import type { Clock } from '../host.ts';
import { LIMITS } from '../limits.ts';
import type { NodeTransaction } from '../node.ts';
import type { RpcClient } from '../rpc/rpc-client.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { type CheckedTransaction, type HashKey, hashKey, readTransaction } from './checked-transaction.ts';
import { draftBlock, overweight, roughSize } from './draft-block.ts';
import { FairQueue } from './fair-queue.ts';
import { fillFees } from './fees.ts';
import { HeldJobs } from './held-jobs.ts';
import { type JobContents, jobContents } from './job-contents.ts';
import type { JobCheckerStatus, JobVerdict } from './job-checker.ts';
import { KnownTransactions } from './known-transactions.ts';
import type { PackedJob } from './messages.ts';
import { propose } from './proposal.ts';
import type { WorkTip } from './tip-keeper.ts';
import { ValidatedTransactions } from './validated-transactions.ts';

/** What a job is made of, and the tip that it is believed to be on. */
interface JobParts {
  readonly transactions: readonly CheckedTransaction[];
  readonly tipHash: Uint8Array;
}

export interface CheckerParts {
  readonly client: RpcClient;
  readonly clock: Clock;
  readonly concurrency: number;
  /** What jobs are checked on now. */
  readonly tip: () => WorkTip | undefined;
  /** The node has said that its best block is another: to be looked at now. */
  readonly look: () => void;
  /** Resolves when the node's mempool was looked at. */
  readonly refresh: () => Promise<void>;
}

/** Checks jobs, holds the valid ones and what they are made of. Runs in a worker: it is free to take its time. */
export class Checker {
  readonly known = new KnownTransactions();
  readonly #parts: CheckerParts;
  readonly #validated = new ValidatedTransactions();
  readonly #jobs = new HeldJobs();
  readonly #queue: FairQueue;

  constructor(parts: CheckerParts) {
    this.#parts = parts;
    this.#queue = new FairQueue({
      concurrency: parts.concurrency,
      waiting: LIMITS.maxWaitingChecks,
      waitingPerLane: LIMITS.maxWaitingChecksPerLane,
      bytes: LIMITS.maxWaitingBytes,
    });
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

  /** Transactions of the node's own template. */
  learn(transactions: readonly NodeTransaction[]): void {
    for (const { wtxid, data, fee } of transactions) {
      if (this.known.confirmPresent(hashKey(wtxid))) continue;
      const transaction = readTransaction(data, Number(fee));
      if (transaction !== undefined) this.known.add(transaction, Number(fee));
    }
  }

  /** Drops provided transactions that were mined, and those that nobody used for long. */
  sweep(minedTxids: ReadonlySet<HashKey>): void {
    this.#validated.sweep(minedTxids, this.#parts.clock.now());
  }

  status(): JobCheckerStatus {
    return {
      known: this.known.size,
      bytes: this.known.bytes,
      validated: this.#validated.size,
      validatedBytes: this.#validated.bytes,
      jobs: this.#jobs.size,
      jobBytes: this.#jobs.bytes,
      running: this.#queue.running,
      waiting: this.#queue.waiting,
    };
  }

  /** What a job misses the node may have got a moment ago: asking it costs less than asking the peer. */
  async #contents(job: PackedJob): Promise<JobContents> {
    const find = (wtxid: HashKey): CheckedTransaction | undefined => this.#find(wtxid);
    const contents = jobContents(job, find);
    if (contents.kind !== 'missing') return contents;
    await within(this.#parts.clock, LIMITS.missingGraceMs, this.#parts.refresh());
    return jobContents(job, find);
  }

  #find(wtxid: HashKey): CheckedTransaction | undefined {
    return this.known.get(wtxid) ?? this.#validated.get(wtxid) ?? this.#jobs.get(wtxid);
  }

  async #atNode(handle: number, job: PackedJob, parts: JobParts, signal: AbortSignal): Promise<JobVerdict> {
    const { transactions, tipHash } = parts;
    const tip = this.#parts.tip();
    if (tip === undefined) return unavailable('the node is away');
    if (!sameBytes(tip.hash, tipHash)) return { kind: 'stale' };
    // Before the block is put together, which costs something.
    const tooMuch = tooLarge(job, transactions);
    if (tooMuch !== undefined) return { kind: 'invalid', reason: tooMuch };
    const block = draftBlock(job, transactions, tip);
    if (block === undefined) return { kind: 'invalid', reason: 'bad-coinbase' };
    const tooHeavy = overweight(block.weight, block.bytes.length);
    if (tooHeavy !== undefined) return { kind: 'invalid', reason: tooHeavy };
    try {
      // To its end, whoever has given it up: the node works on it all the same, and only so much at once.
      const answer = await propose(this.#parts.client, block.bytes);
      signal.throwIfAborted();
      if (answer.kind === 'invalid') return answer;
      if (answer.kind === 'stale' || !(await this.#hasFees(transactions, tip, signal))) {
        this.#parts.look();
        return { kind: 'stale' };
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RpcError) return unavailable(error.message);
      throw error;
    }
    const now = this.#parts.tip();
    if (now === undefined) return unavailable('the node is away');
    if (!sameBytes(now.hash, tip.hash)) return { kind: 'stale' };
    return {
      kind: 'valid',
      handle,
      prevHash: tip.hash,
      nbits: tip.nbits,
      height: tip.height + 1,
      minNtime: tip.minNtime,
      merklePath: block.merklePath,
      value: BigInt(transactions.reduce((sum, { fee = 0 }) => sum + fee, tip.subsidy)),
      weight: block.weight,
    };
  }

  /** Finds out the fees that are not known; false when the tip moved meanwhile. */
  #hasFees(transactions: readonly CheckedTransaction[], tip: WorkTip, signal: AbortSignal): Promise<boolean> {
    return fillFees(this.#parts.client, transactions, displayHash(tip.hash), signal);
  }

  #keep(handle: number, transactions: readonly CheckedTransaction[]): void {
    const now = this.#parts.clock.now();
    for (const transaction of transactions) {
      if (this.known.get(transaction.wtxid) === undefined) this.#validated.use(transaction, now);
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

/** Waits for `task`, but not for long. */
function within(clock: Clock, ms: number, task: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, resolve);
    task.finally(() => timer[Symbol.dispose]()).then(resolve, reject);
  });
}

function unavailable(reason: string): JobVerdict {
  return { kind: 'unavailable', reason };
}
