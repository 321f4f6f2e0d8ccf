import type { JobBoard, MinuteSum, ShareErrorCode } from '@sv2kit/mining';
import { WorkMeter, WorkMinutes } from '@sv2kit/mining';
import { difficultyFromTarget } from '@sv2kit/bitcoin';
import type { MiningServerDeps } from '../ports.ts';
import type { Worker } from './worker.ts';

/** What all workers did before this process began, as the ledger has it. */
export interface PastTotals {
  readonly accepted: number;
  /** By error code. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Credited difficulty. */
  readonly work: number;
  readonly bestDifficulty: number;
  readonly blocks: number;
  /** When the first of it was recorded; unix milliseconds. */
  readonly sinceMs: number;
}

/** All shares of a server, since it began or since its ledger did. */
export class ShareTotals {
  readonly meter: WorkMeter;
  /** Of this process alone. */
  readonly minutes: WorkMinutes;
  readonly rejected = new Map<string, number>();
  accepted = 0;
  blocks = 0;
  /** Credited difficulty. */
  work = 0;
  bestDifficulty = 0;
  sinceMs: number;
  readonly #deps: Pick<MiningServerDeps, 'events'>;
  readonly #board: JobBoard;
  /** Whether the best share so far is known: while earlier runs may have a better one, nobody is told of any. */
  #knowsBest: boolean;

  constructor(deps: Pick<MiningServerDeps, 'clock' | 'events' | 'hasPast'>, board: JobBoard) {
    this.#deps = deps;
    this.#board = board;
    this.sinceMs = deps.clock.now();
    this.meter = new WorkMeter(this.sinceMs);
    this.minutes = new WorkMinutes(this.sinceMs);
    this.#knowsBest = deps.hasPast !== true;
  }

  /** @param best what the share's hash shows */
  accept(worker: Worker, credited: number, measured: number, best: number, nowMs: number): void {
    this.accepted += 1;
    this.work += credited;
    this.meter.add(measured, nowMs);
    this.minutes.accept(credited, nowMs);
    if (best > this.bestDifficulty) this.#onBest(worker, best);
  }

  reject(code: ShareErrorCode, nowMs: number): void {
    this.minutes.reject(nowMs);
    this.rejected.set(code, (this.rejected.get(code) ?? 0) + 1);
  }

  /** Work of earlier runs. @param sinceMs since when there could have been some */
  recallWork(minutes: Iterable<MinuteSum>, sinceMs: number, nowMs: number): void {
    this.meter.seed(minutes, sinceMs, nowMs);
  }

  /** Nothing more of the past is to come. @param past undefined when nothing is known */
  recalled(past: PastTotals | undefined): void {
    this.#knowsBest = true;
    if (past === undefined) return;
    this.accepted += past.accepted;
    this.blocks += past.blocks;
    this.work += past.work;
    this.bestDifficulty = Math.max(this.bestDifficulty, past.bestDifficulty);
    this.sinceMs = Math.min(this.sinceMs, past.sinceMs);
    for (const [code, count] of Object.entries(past.rejected)) {
      this.rejected.set(code, (this.rejected.get(code) ?? 0) + count);
    }
  }

  #onBest({ user, worker }: Worker, difficulty: number): void {
    this.bestDifficulty = difficulty;
    if (!this.#knowsBest) return;
    const tip = this.#board.work?.tip;
    const network = tip === undefined ? {} : { networkDifficulty: difficultyFromTarget(tip.target) };
    this.#deps.events?.emit({ type: 'best-share', user, worker, difficulty, ...network });
  }
}
