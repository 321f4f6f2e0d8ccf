import { setImmediate } from 'node:timers/promises';
import type { MinuteSum } from '@sv2kit/mining';
import type { Clock, Logger } from '@sv2kit/net';
import type { Past } from './past.ts';
import type { PastTotals } from './share-totals.ts';

const MINUTE_MS = 60_000;
/** The longest window of a meter, and its bucket that is on its way out. */
const MINUTES_MS = 26 * 60 * MINUTE_MS;
/** Workers in one answer, and how many of them are put in before shares get a turn. */
const PAGE = 256;
const SLICE = 16;
const AGAIN_MS = 10_000;

/** One worker's row of the ledger's `seed`. */
interface PastRow {
  readonly user: string;
  readonly worker: string;
  readonly accepted: number;
  readonly rejectedByCode?: Readonly<Record<string, number>>;
  readonly difficulty: number;
  readonly bestDifficulty: number;
  readonly firstSeenMs: number;
  readonly lastShareAtMs: number | undefined;
  /** Unix minute and difficulty in turns. */
  readonly minutes: Float64Array;
}

interface SeedQuestion {
  readonly sinceMs: number;
  readonly after: number;
  readonly limit: number;
  /** Leaves out what this run did, and any after it. */
  readonly before: number;
}

interface SeedAnswer {
  readonly items: readonly PastRow[];
  readonly next: number | undefined;
}

interface TotalsAnswer {
  readonly accepted: number;
  readonly rejectedByCode: Readonly<Record<string, number>>;
  readonly difficulty: number;
  readonly bestDifficulty: number;
  /** By status, those of this run too. */
  readonly blocks: Readonly<Record<string, number>>;
  /** When its first run began; unix milliseconds. */
  readonly sinceMs: number | undefined;
}

/** The ledger, as far as it is asked here. */
export interface PastSource {
  readonly state: { readonly kind: string };
  readonly journal: { readonly bootEpoch: number; readonly position: number };
  /** Resolves when the database holds a record. */
  projected(position: number): Promise<void>;
  query(name: 'seed', question: SeedQuestion): Promise<SeedAnswer>;
  query(name: 'totals', question: Pick<SeedQuestion, 'before'>): Promise<TotalsAnswer>;
}

interface RecallDeps {
  readonly ledger: PastSource;
  /** Blocks that this run has found so far. */
  blocks(): number;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Figures go on from what earlier runs did: reads it from the ledger's database once that has caught up, in parts, while
 * miners are served. A database that is away is asked again for as long as it takes. Disposing ends it.
 */
export class Recall implements Disposable {
  /** Resolves when everything is recalled, or there is nothing to recall from. */
  readonly done: Promise<void>;
  readonly #past: Past;
  readonly #deps: RecallDeps;
  readonly #stop = Promise.withResolvers<void>();
  #sinceMs: number;
  #stopped = false;

  constructor(past: Past, deps: RecallDeps) {
    this.#past = past;
    this.#deps = deps;
    this.#sinceMs = deps.clock.now();
    this.done = this.#run();
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#stop.resolve();
  }

  async #run(): Promise<void> {
    const { ledger, log } = this.#deps;
    if (ledger.state.kind === 'none') return this.#past.recalled();
    const before = ledger.journal.bootEpoch;
    const begun = this.#deps.clock.now();
    const { position } = ledger.journal;
    await this.#insist(() => ledger.projected(position));
    let after: number | undefined = 0;
    let workers = 0;
    while (after !== undefined && !this.#stopped) {
      const question: SeedQuestion = { sinceMs: begun - MINUTES_MS, after, limit: PAGE, before };
      const answer: SeedAnswer | undefined = await this.#insist(() => ledger.query('seed', question));
      if (answer === undefined) return;
      await this.#take(answer.items);
      workers += answer.items.length;
      after = answer.next;
    }
    const totals = await this.#insist(() => this.#totals(before));
    if (this.#stopped || totals === undefined) return;
    this.#past.recalled(totals);
    if (workers > 0) log.info('the figures go on from the ledger', { workers });
  }

  /** Of earlier runs: the database has to hold the blocks of this one before they can be left out. */
  async #totals(before: number): Promise<PastTotals> {
    const { ledger, blocks } = this.#deps;
    const own = blocks();
    await ledger.projected(ledger.journal.position);
    const answer = await ledger.query('totals', { before });
    if (blocks() !== own && !this.#stopped) return this.#totals(before);
    const { difficulty: work, rejectedByCode: rejected, blocks: counts, sinceMs = this.#sinceMs, ...totals } = answer;
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return { ...totals, work, rejected, blocks: Math.max(0, all - own), sinceMs };
  }

  async #take(rows: readonly PastRow[]): Promise<void> {
    for (const [index, row] of rows.entries()) {
      if (index % SLICE === SLICE - 1) await setImmediate();
      if (this.#stopped) return;
      const { accepted, difficulty: work, bestDifficulty, firstSeenMs: firstSeenAtMs, lastShareAtMs } = row;
      const { rejectedByCode: rejected = {} } = row;
      const past = { accepted, rejected, work, bestDifficulty, firstSeenAtMs, lastShareAtMs };
      this.#sinceMs = Math.min(this.#sinceMs, firstSeenAtMs);
      this.#past.recall(row.user, row.worker, { ...past, minutes: minutesOf(row.minutes) });
    }
  }

  /** Asks until there is an answer. @returns undefined when it is over */
  async #insist<T>(ask: () => Promise<T>): Promise<T | undefined> {
    while (!this.#stopped) {
      try {
        return await ask();
      } catch (error) {
        if (this.#stopped) return undefined;
        this.#deps.log.debug('what earlier runs did cannot be read yet', { error });
        await this.#wait();
      }
    }
    return undefined;
  }

  async #wait(): Promise<void> {
    const time = Promise.withResolvers<void>();
    using _timer = this.#deps.clock.after(AGAIN_MS, () => time.resolve());
    await Promise.race([time.promise, this.#stop.promise]);
  }
}

function* minutesOf(pairs: Float64Array): Generator<MinuteSum> {
  for (let index = 0; index + 1 < pairs.length; index += 2) {
    yield { minuteMs: (pairs[index] as number) * MINUTE_MS, work: pairs[index + 1] as number };
  }
}
