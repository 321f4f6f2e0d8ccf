import { setImmediate } from 'node:timers/promises';
import type { Listing, WorkersQuery, WorkerView } from '@sv2kit/monitor';
import type { Worker } from '../workers/worker.ts';
import type { WorkerBook } from '../workers/worker-book.ts';
import { sortInSlices } from './in-slices.ts';

/** So many workers are sorted anew for everyone who asks; the order of more is kept for a moment. */
const FEW = 2_048;
const KEPT_MS = 5_000;
/** Workers that are looked at in one go. */
const SLICE = 8_192;

type Sort = NonNullable<WorkersQuery['sort']>;
/** Which workers are wanted. */
type Filter = Pick<WorkersQuery, 'user' | 'search' | 'state'>;
const EVERYBODY: Filter = {};
interface Ranked {
  readonly worker: Worker;
  readonly key: number;
}
interface Order {
  readonly madeMs: number;
  readonly workers: Promise<readonly Worker[]>;
}

/** Pages of the workers of a book, in any order, without holding the event loop. */
export class WorkerList {
  readonly #book: WorkerBook;
  readonly #orders = new Map<Sort, Order>();
  #top: readonly Worker[] = [];
  /** One at a time, whoever asks. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(book: WorkerBook) {
    this.#book = book;
  }

  async page(
    { offset, limit, sort = 'name', ...filter }: WorkersQuery,
    now: () => number,
  ): Promise<Listing<WorkerView>> {
    const order = await this.#order(sort, filter, now());
    const items = order.slice(offset, offset + limit).map((worker) => workerView(worker, now(), this.#book));
    return { total: order.length, items };
  }

  /** Those with most hashrate; of very many, as they were a moment ago. */
  top(most: number, nowMs: number): readonly Worker[] {
    if (this.#book.size <= FEW) {
      const ranked = this.#book.all.map((worker): Ranked => ({ worker, key: keyOf(worker, 'hashrate', nowMs) }));
      return ranked
        .sort(compare)
        .slice(0, most)
        .map(({ worker }) => worker);
    }
    void this.#order('hashrate', EVERYBODY, nowMs).then((order) => {
      this.#top = order.slice(0, most);
    });
    return this.#top.filter(({ forgotten }) => !forgotten);
  }

  #order(sort: Sort, filter: Filter, nowMs: number): Promise<readonly Worker[]> {
    const isOfSome = Object.values(filter).some((wanted) => wanted !== undefined);
    if (isOfSome || this.#book.size <= FEW) return this.#sort(sort, filter, nowMs);
    const kept = this.#orders.get(sort);
    if (kept !== undefined && Math.abs(nowMs - kept.madeMs) < KEPT_MS) return kept.workers;
    const workers = this.#sort(sort, EVERYBODY, nowMs);
    this.#orders.set(sort, { madeMs: nowMs, workers });
    return workers;
  }

  #sort(sort: Sort, filter: Filter, nowMs: number): Promise<readonly Worker[]> {
    const sorted = this.#queue.then(async () => {
      const isWanted = chooserOf(filter, nowMs, this.#book);
      const ranked: Ranked[] = [];
      for (const [index, worker] of [...this.#book.all].entries()) {
        if (index % SLICE === SLICE - 1) await setImmediate();
        if (isWanted(worker)) ranked.push({ worker, key: keyOf(worker, sort, nowMs) });
      }
      return (await sortInSlices(ranked, compare)).map(({ worker }) => worker);
    });
    this.#queue = sorted.catch(() => undefined);
    return sorted;
  }
}

function chooserOf(
  { user, search, state }: Filter,
  nowMs: number,
  { times }: Pick<WorkerBook, 'times'>,
): (worker: Worker) => boolean {
  const part = search?.toLowerCase();
  return (worker) =>
    (user === undefined || worker.user === user) &&
    (part === undefined || worker.name.toLowerCase().includes(part)) &&
    (state === undefined || worker.state(nowMs, times) === state);
}

function compare(a: Ranked, b: Ranked): number {
  return b.key - a.key || (a.worker.name < b.worker.name ? -1 : 1);
}

function keyOf(worker: Worker, sort: Sort, nowMs: number): number {
  switch (sort) {
    case 'name':
      return 0;
    case 'hashrate':
      return worker.meter.hashrate(nowMs);
    case 'work':
      return worker.work;
    case 'best':
      return worker.bestDifficulty;
    case 'last-share':
      return worker.lastShareAtMs ?? 0;
  }
}

export function workerView(worker: Worker, nowMs: number, { times }: Pick<WorkerBook, 'times'>): WorkerView {
  const { name, user, worker: label, meter, accepted, work, bestDifficulty, lastShareAtMs, channels } = worker;
  return {
    name,
    user,
    worker: label,
    hashrate: meter.hashrates(nowMs),
    ...(channels > 0 ? { declaredHashrate: worker.declaredHashrate } : {}),
    accepted,
    rejected: Object.fromEntries(worker.rejected),
    work,
    bestDifficulty,
    ...(lastShareAtMs === undefined ? {} : { lastShareAtMs: Math.round(lastShareAtMs) }),
    channels,
    state: worker.state(nowMs, times),
    firstSeenAtMs: Math.round(worker.firstSeenAtMs),
  };
}
