import { workOf } from '@sv2kit/payout';
import { identityText } from '../database/apply/texts.ts';
import type { JournalEntry } from '../read-journal.ts';
import type { ShareAccepted, ShareRejected } from '../records/records.ts';

/** Accepted shares and their exact work. */
export interface Sum {
  shares: number;
  work: bigint;
}
/** What one worker has done. */
export interface WorkerSum extends Sum {
  readonly user: string;
  readonly worker: string;
  rejected: number;
}

/** Records from one position to another, both included: as a slice of the database has them. */
export interface Stretch {
  readonly first: number;
  readonly last: number;
}

/**
 * Counts a journal's shares anew, without what projects it into a database: record by record, in order. Two ways that
 * know nothing of each other do not make the same mistake.
 */
export class Recount {
  readonly workers = new Map<string, WorkerSum>();
  /** Hashes of blocks found, in hexadecimal, as the journal has them. */
  readonly blocks: string[] = [];
  readonly #upTo: number;
  readonly #left: ReadonlySet<number>;
  readonly #stretches: readonly Stretch[];
  readonly #sums: Sum[];
  #stretch = 0;
  #users = new Map<number, string>();
  /** Accepted shares that are in none of the stretches. */
  outside = 0;

  /**
   * @param upTo the last position that counts
   * @param left positions of records that do not count
   * @param stretches rising, without overlap
   */
  constructor(upTo: number, left: ReadonlySet<number>, stretches: readonly Stretch[]) {
    this.#upTo = upTo;
    this.#left = left;
    this.#stretches = stretches;
    this.#sums = stretches.map(() => ({ shares: 0, work: 0n }));
  }

  /** What each of the stretches holds. */
  get sums(): readonly Readonly<Sum>[] {
    return this.#sums;
  }

  entry({ position, record }: JournalEntry): void {
    if (position > this.#upTo || this.#left.has(position)) return;
    switch (record.type) {
      case 'Start':
        this.#users = new Map();
        break;
      case 'ChannelOpened': {
        const user = identityText(record.userIdentity);
        this.#users.set(record.channelKey, user);
        // Known from then on, with or without a share.
        this.#named(user, '');
        break;
      }
      case 'ShareAccepted':
        this.#accept(position, record);
        break;
      case 'ShareRejected':
        this.#worker(record).rejected += 1;
        break;
      case 'BlockFound':
        this.blocks.push(Buffer.from(record.hash).toString('hex'));
        break;
      default:
        break;
    }
  }

  #accept(position: number, share: ShareAccepted): void {
    const work = workOf(share.difficulty);
    add(this.#worker(share), work);
    while ((this.#stretches[this.#stretch]?.last ?? Number.POSITIVE_INFINITY) < position) this.#stretch += 1;
    const sum = this.#sums[this.#stretch];
    const isInside = (this.#stretches[this.#stretch]?.first ?? Number.POSITIVE_INFINITY) <= position;
    if (sum === undefined || !isInside) this.outside += 1;
    else add(sum, work);
  }

  #worker({ channelKey, userIdentity }: ShareAccepted | ShareRejected): WorkerSum {
    const worker = userIdentity === undefined ? '' : identityText(userIdentity);
    return this.#named(this.#users.get(channelKey) ?? '', worker);
  }

  #named(user: string, worker: string): WorkerSum {
    const name = workerKey(user, worker);
    let sum = this.workers.get(name);
    if (sum === undefined) {
      sum = { user, worker, shares: 0, work: 0n, rejected: 0 };
      this.workers.set(name, sum);
    }
    return sum;
  }
}

/** Names hold no line break. */
export function workerKey(user: string, worker: string): string {
  return `${user}\n${worker}`;
}

function add(sum: Sum, work: bigint): void {
  sum.shares += 1;
  sum.work += work;
}
