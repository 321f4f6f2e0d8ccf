import { workOf } from './work.ts';
import type { Weight } from './types.ts';

/** A stretch of the record: it ends with its minute, and with every block found. */
export interface Slice {
  /** Unix minutes. */
  readonly minute: number;
  /** Whether a block was found at its end. */
  readonly endsWithBlock: boolean;
  readonly weights: readonly Weight[];
}

/** The work that shares in a block. */
export interface Window {
  /** In order of accounts, one for each account and donation; what rounds to nothing is left out. */
  readonly weights: readonly Weight[];
  /** Of the weights together. */
  readonly work: bigint;
  /** Whether there was as much work as wanted. */
  readonly full: boolean;
}

/**
 * Hours up to the newest work in which a window's edge is cut to the minute: those for which databases keep minutes in any
 * case. Cut by the hour, new work behind much old work of its hour would count for less, and leaving then would pay.
 */
const HOURS_BY_MINUTE = 24;

/** How much work a window wants. @param window multiples of the network's difficulty */
export function windowWork(window: number, networkDifficulty: number): bigint {
  return workOf(window * networkDifficulty);
}

/**
 * The last work before a moment, as much as wanted. In the 24 hours up to the newest work each slice is a stretch. Before
 * them slices of one hour with no block between them are one, as they are once their minutes have been rolled up. Of the
 * oldest stretch each account counts in part, rounded down.
 *
 * @param slices the newest first; read only as far as needed
 */
export function windowOf(slices: Iterable<Slice>, wanted: bigint): Window {
  const window = new WorkWindow(wanted);
  for (const slice of slices) if (!window.add(slice)) break;
  return window.end();
}

interface Stretch {
  /** Unix minutes. */
  readonly begin: number;
  readonly work: Map<string, bigint>;
  sum: bigint;
}

/** A window that is filled slice by slice, for slices that have to be waited for. */
export class WorkWindow {
  readonly #wanted: bigint;
  readonly #sums = new Map<string, bigint>();
  #sum = 0n;
  /** The oldest stretch so far: its older slices may be to come. */
  #open: Stretch | undefined;
  #full: boolean;
  #newestHour: number | undefined;

  constructor(wanted: bigint) {
    this.#wanted = wanted;
    this.#full = wanted <= 0n;
  }

  /**
   * Whether a sum of the slices of one hour can stand for them, as the next older one: it fits in whole, or they are so
   * old that they are one stretch.
   */
  takesHour(minute: number, work: bigint): boolean {
    return work <= this.#wanted - this.#sum - (this.#open?.sum ?? 0n) || !this.#isByMinute(Math.floor(minute / 60));
  }

  /** Takes the next older slice. @returns false when no older one is needed */
  add({ minute, endsWithBlock, weights }: Slice): boolean {
    if (this.#full) return false;
    const hour = Math.floor(minute / 60);
    this.#newestHour ??= hour;
    const begin = this.#isByMinute(hour) ? minute : hour * 60;
    if (this.#open !== undefined && (endsWithBlock || this.#open.begin !== begin)) this.#closeStretch();
    if (this.#full) return false;
    this.#open ??= { begin, work: new Map(), sum: 0n };
    for (const weight of weights) {
      add(this.#open.work, keyOf(weight), weight.work);
      this.#open.sum += weight.work;
    }
    return true;
  }

  /** There is no older slice, or none is needed. */
  end(): Window {
    this.#closeStretch();
    const weights = [...this.#sums]
      .filter(([, work]) => work > 0n)
      .map(([key, work]) => ({ ...fromKey(key), work }))
      .sort(byAccount);
    return { weights, work: weights.reduce((sum, { work }) => sum + work, 0n), full: this.#full };
  }

  #isByMinute(hour: number): boolean {
    return hour > (this.#newestHour ?? hour) - HOURS_BY_MINUTE;
  }

  #closeStretch(): void {
    const stretch = this.#open;
    this.#open = undefined;
    if (stretch === undefined) return;
    const missing = this.#wanted - this.#sum;
    const whole = stretch.sum <= missing;
    for (const [key, work] of stretch.work) add(this.#sums, key, whole ? work : (work * missing) / stretch.sum);
    this.#sum += whole ? stretch.sum : missing;
    this.#full = this.#sum >= this.#wanted;
  }
}

/** By account in order of code units, then by donation. */
export function byAccount(a: Omit<Weight, 'work'>, b: Omit<Weight, 'work'>): number {
  if (a.account !== b.account) return a.account < b.account ? -1 : 1;
  return a.donation - b.donation;
}

function keyOf({ account, donation }: Weight): string {
  return `${donation}:${account}`;
}

function fromKey(key: string): Omit<Weight, 'work'> {
  const colon = key.indexOf(':');
  return { account: key.slice(colon + 1), donation: Number(key.slice(0, colon)) };
}

function add(sums: Map<string, bigint>, key: string, work: bigint): void {
  sums.set(key, (sums.get(key) ?? 0n) + work);
}
