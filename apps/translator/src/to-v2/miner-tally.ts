import { WorkMeter } from '@sv2kit/mining';
import { Tally } from './totals.ts';

/** What became of one miner's shares. */
export class MinerTally {
  accepted = 0;
  /** Sum of difficulties. */
  work = 0;
  /** That the best hash shows; 0 without one. */
  bestDifficulty = 0;
  lastShareMs = 0;
  readonly meter: WorkMeter;
  /** Of those that met the upstream's target. */
  forwarded = 0;
  credited = 0;
  lost = 0;
  #refused: Tally | undefined;
  #rejected: Tally | undefined;

  constructor(nowMs: number) {
    this.meter = new WorkMeter(nowMs);
  }

  /** @param best the difficulty that the hash shows */
  accept(work: number, best: number, nowMs: number): void {
    this.accepted += 1;
    this.meter.add(work, nowMs);
    if (best > this.bestDifficulty) this.bestDifficulty = best;
    this.work += work;
    this.lastShareMs = nowMs;
  }

  /** Refused here. */
  refuse(reason: string): void {
    (this.#refused ??= new Tally()).add(reason);
  }

  /** Rejected by the upstream. */
  reject(code: string): void {
    (this.#rejected ??= new Tally()).add(code);
  }

  /** Whether the upstream has rejected some, or it has been refused more than a few. */
  get troubled(): boolean {
    return this.#rejected !== undefined || (this.#refused?.sum ?? 0) > this.accepted / 10;
  }

  /** By reason. */
  get refused(): Readonly<Record<string, number>> {
    return this.#refused?.facts() ?? {};
  }

  get rejected(): Readonly<Record<string, number>> {
    return this.#rejected?.facts() ?? {};
  }
}
