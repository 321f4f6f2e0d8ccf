import type { ProjectedPosition, Source } from '../projection.ts';

/** A row of `workers`. */
export interface WorkerState {
  readonly id: number;
  readonly user: string;
  readonly worker: string;
  accepted: number;
  rejected: number;
  work: bigint;
  best: number;
  bestMs: number | null;
  readonly firstMs: number;
  lastMs: number | null;
}

/** What later records need to know of a channel. */
export interface ChannelState {
  readonly id: number;
  /** Of shares that name no worker. */
  readonly worker: WorkerState;
}

/** A row of `work` in the open slice. */
export interface WorkState {
  readonly worker: number;
  readonly channel: number;
  shares: number;
  work: bigint;
  best: number;
}

/** The slice that accepted shares go into. */
export interface SliceState {
  readonly id: number;
  readonly minute: number;
  lastPosition: number;
  shares: number;
  work: bigint;
  /** By channel and worker. */
  readonly rows: Map<string, WorkState>;
}

/** The row of `totals`. */
export interface TotalsState {
  accepted: number;
  rejected: number;
  work: bigint;
  best: number;
  roundShares: number;
  roundWork: bigint;
  roundSinceMs: number | null;
}

/** Workers, and channels, that are remembered between batches at most. */
const MOST_REMEMBERED = 200_000;

/**
 * What the database says, as far as applying records needs it: so that rows are written, and not first read. It is what
 * the database holds after the last commit; after a transaction that failed it is thrown away and loaded anew.
 */
export class Memory {
  readonly positions: Record<Source, ProjectedPosition>;
  readonly totals: TotalsState;
  /** Id of the run whose channels the journal speaks of; 0 before the first. */
  run: number;
  slice: SliceState | undefined;
  readonly #workers = new Map<string, WorkerState>();
  readonly #workersById = new Map<number, WorkerState>();
  readonly #channels = new Map<number, ChannelState>();
  #lastWorker: number;

  constructor(positions: Record<Source, ProjectedPosition>, totals: TotalsState, run: number, lastWorker: number) {
    this.positions = positions;
    this.totals = totals;
    this.run = run;
    this.#lastWorker = lastWorker;
  }

  /** Between batches: what is remembered of workers and channels stays bounded. */
  trim(): void {
    if (this.#workers.size <= MOST_REMEMBERED && this.#channels.size <= MOST_REMEMBERED) return;
    this.#channels.clear();
    this.#workers.clear();
    this.#workersById.clear();
  }

  channel(key: number): ChannelState | undefined {
    return this.#channels.get(key);
  }

  addChannel(key: number, channel: ChannelState): void {
    this.#channels.set(key, channel);
  }

  startRun(run: number): void {
    this.run = run;
    this.#channels.clear();
  }

  worker(user: string, worker: string): WorkerState | undefined {
    return this.#workers.get(nameOf(user, worker));
  }

  workerById(id: number): WorkerState | undefined {
    return this.#workersById.get(id);
  }

  addWorker(worker: WorkerState): void {
    this.#workers.set(nameOf(worker.user, worker.worker), worker);
    this.#workersById.set(worker.id, worker);
  }

  newWorker(user: string, worker: string, firstMs: number): WorkerState {
    this.#lastWorker += 1;
    const id = this.#lastWorker;
    const zero = { accepted: 0, rejected: 0, work: 0n, best: 0, bestMs: null, lastMs: null };
    const state: WorkerState = { id, user, worker, firstMs, ...zero };
    this.addWorker(state);
    return state;
  }
}

/** Names hold no control characters. */
export function nameOf(user: string, worker: string): string {
  return `${user}\n${worker}`;
}
