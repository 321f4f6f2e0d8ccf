import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** Something that shares come from: a channel, or a V1 miner. */
export interface ShareSource {
  /** Shares without an answer. */
  readonly pending: number;
  /** Sends the next share. @param now of `performance.now()` */
  submit(now: number): void;
}

/** What a stretch of load came to. */
export interface LoadResult {
  readonly acknowledged: number;
  /** Acknowledged a second. */
  readonly rate: number;
  /** From a share's way into its connection to its answer, in milliseconds, at the miner. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Part of the time that the load generator's own event loop was busy. */
  readonly generatorBusy: number;
}

/** How benches of shares under load go about it. */
export const LOAD_PLAN = {
  /** Shares on the way at once when a server is given all that it takes. */
  unanswered: 5_000,
  /** For so long; short enough that ten peers at full speed stay below what is remembered of each on a tip. */
  fullSeconds: 4,
  warmUpSeconds: 3,
  tipEverySeconds: 4,
  /** After a tip or a stretch, for the event loops to calm down. */
  settleMs: 500,
} as const;

/** What a generator that was held up makes good for; the rest is not offered, which the rate shows. */
const MOST_BEHIND_MS = 50;
const SLOWEST_MS = 600_000;
const MICROSECONDS = 1000;
/** After the last share of a stretch, for the answers to come. */
const SETTLE_MS = 300;

/** Shares of many sources at a rate, or as many as are taken; how long their answers take, and when tips arrive. */
export class OfferedLoad {
  readonly sources: ShareSource[] = [];
  readonly #latency: RecordableHistogram = createHistogram({
    lowest: 1,
    highest: SLOWEST_MS * MICROSECONDS,
    figures: 3,
  });
  #acknowledged = 0;
  #refused = new Map<string, number>();
  #window = 0;
  #ending = false;
  #tipsWanted = 0;
  #tipsDue = 0;
  #firstTip = 0;
  #onLastTip: ((times: { first: number; last: number }) => void) | undefined;

  acknowledged(ms: number): void {
    this.#acknowledged += 1;
    this.#latency.record(Math.max(1, Math.round(ms * MICROSECONDS)));
  }

  refused(code: string): void {
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
  }

  /** Shares of a source were answered: there is room for more. */
  answered(source: ShareSource): void {
    if (source.pending >= this.#window) return;
    const now = performance.now();
    while (source.pending < this.#window) source.submit(now);
  }

  /** A connection has the new tip. */
  tip(): void {
    if (this.#tipsDue === 0) return;
    const now = performance.now();
    if (this.#tipsDue === this.#tipsWanted) this.#firstTip = now;
    this.#tipsDue -= 1;
    if (this.#tipsDue === 0) this.#onLastTip?.({ first: this.#firstTip, last: now });
  }

  /** Nothing that is measured after such an end would mean anything. */
  closed({ code, error }: { readonly code: string; readonly error?: unknown }): void {
    if (this.#ending) return;
    console.error('bench: the server has sent a miner away:', code, error ?? '', Object.fromEntries(this.#refused));
    process.exit(1);
  }

  /** Shares at a steady rate, of all sources in turn. */
  async offer(sharesPerSecond: number, seconds: number): Promise<LoadResult> {
    const { sources } = this;
    return this.#measure(async (start) => {
      let sent = 0;
      for (let now = start; now - start < seconds * 1000; now = performance.now()) {
        const due = ((now - start) * sharesPerSecond) / 1000;
        sent = Math.max(sent, Math.floor(due - (MOST_BEHIND_MS * sharesPerSecond) / 1000));
        for (; sent < due; sent += 1) sources[sent % sources.length]?.submit(now);
        await sleep(1);
      }
    });
  }

  /** As many shares as are taken: each source always has its part of `unanswered` shares on the way. */
  async saturate(unanswered: number, seconds: number): Promise<LoadResult> {
    return this.#measure(async (start) => {
      this.#window = Math.max(1, Math.round(unanswered / this.sources.length));
      for (const source of this.sources) this.answered(source);
      await sleep(start + seconds * 1000 - performance.now());
      this.#window = 0;
    });
  }

  /** When the first and the last of so many connections get the next tip; call before the tip is made. */
  protected tipsAt(connections: number): Promise<{ readonly first: number; readonly last: number }> {
    this.#tipsWanted = connections;
    this.#tipsDue = connections;
    return new Promise((resolve) => (this.#onLastTip = resolve));
  }

  /** From now on connections may end; time for them to do so. */
  protected async over(end: () => void): Promise<void> {
    this.#ending = true;
    end();
    await sleep(SETTLE_MS);
  }

  async #measure(drive: (start: number) => Promise<void>): Promise<LoadResult> {
    this.#latency.reset();
    this.#acknowledged = 0;
    this.#refused = new Map();
    const loop = performance.eventLoopUtilization();
    const start = performance.now();
    await drive(start);
    const acknowledged = this.#acknowledged;
    const elapsed = performance.now() - start;
    const generatorBusy = performance.eventLoopUtilization(loop).utilization;
    await sleep(SETTLE_MS);
    const at = (percentile: number) => this.#latency.percentile(percentile) / MICROSECONDS;
    return {
      acknowledged,
      rate: (acknowledged * 1000) / elapsed,
      p50: at(50),
      p99: at(99),
      max: this.#latency.max / MICROSECONDS,
      refused: Object.fromEntries(this.#refused),
      generatorBusy,
    };
  }
}

/** What was refused in several stretches together. */
export function refusals(all: readonly LoadResult[]): string {
  const sums = new Map<string, number>();
  for (const [code, count] of all.flatMap(({ refused }) => Object.entries(refused))) {
    sums.set(code, (sums.get(code) ?? 0) + count);
  }
  return [...sums].map(([code, count]) => `${count} ${code}`).join(', ') || 'none';
}
