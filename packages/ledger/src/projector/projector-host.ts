import type { LedgerQueries } from '../database/queries/types.ts';
import type { Problem } from './thread-messages.ts';
import type { ProjectorReport } from './projector-report.ts';

/** What a projector tells the ledger. */
export interface ProjectorEvents {
  report(report: ProjectorReport): void;
  answer(id: number, answer: unknown): void;
  noAnswer(id: number, problem: Problem): void;
  /** It ended, though nobody closed it. Once. */
  ended(reason: string): void;
}

/** Where a projector runs: a thread, or this one in tests. */
export interface ProjectorHost {
  raise(watermark: number): void;
  /** Answered by `answer` or `noAnswer`. */
  query(id: number, name: keyof LedgerQueries, args: unknown): void;
  /** Whether somebody waits for it: then the process does not end before. */
  keepAlive(wanted: boolean): void;
  /** Catches up for at most `limitMs`, then ends; resolves when it has, by force if it must. */
  close(limitMs: number): Promise<void>;
}

export type StartProjector = (watermark: number, events: ProjectorEvents) => ProjectorHost;
