import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Projection } from '../database/projection.ts';
import type { FileLayer } from '../files.ts';
import type { Retention } from '../ledger-options.ts';
import { LEDGER_LIMITS } from '../limits.ts';
import type { SetAside } from './applier.ts';
import { removeOldSegments } from './old-segments.ts';
import type { ProjectorReport } from './projector-report.ts';
import { SourceFollower } from './source-follower.ts';

/** What a session works on. */
export interface SessionParts {
  /** With the journals in `journal` and `payments`. */
  readonly directory: string;
  readonly retention: Retention;
  readonly files: FileLayer;
  readonly clock: Clock;
  readonly projection: Projection;
  readonly report: (report: ProjectorReport) => void;
}

const DAY_MS = 86_400_000;
/** The payments' writer is another process, which says nothing: its journal is looked at. */
const PAYMENTS_MS = 1000;

/** A database that was reached, and the journals on their way into it, until one of them fails. */
export class ProjectionSession {
  readonly #parts: SessionParts;
  readonly #journal: SourceFollower;
  readonly #payments: SourceFollower;
  #setAside: SetAside[] = [];
  #deadLetters = 0;
  #paymentsDueMs = 0;
  #upkeepDueMs = 0;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    const onSetAside = (letter: SetAside): void => void this.#setAside.push(letter);
    this.#journal = new SourceFollower({ ...parts, source: 'journal', onSetAside });
    this.#payments = new SourceFollower({ ...parts, source: 'payments', onSetAside });
  }

  /**
   * Checks that the database is of these journals.
   *
   * @throws DatabaseAway; LedgerError 'ledger-ahead', 'ledger-other-journal' or 'ledger-corrupted'
   */
  async begin(watermark: number): Promise<void> {
    await this.#journal.begin(watermark);
    await this.#payments.begin(Number.POSITIVE_INFINITY);
    const { total } = await this.#parts.projection.query('deadLetters', { offset: 0, limit: 1 });
    this.#deadLetters = total;
    this.#progress(false);
  }

  /**
   * Projects the next records.
   *
   * @param watermark everything in the journal up to this record is on disk
   * @returns whether there were any
   */
  async step(watermark: number): Promise<boolean> {
    try {
      const worked = await this.#journal.step(watermark);
      if (!worked && (await this.#lookAtPayments())) return true;
      this.#progress(!worked);
      return worked;
    } finally {
      this.#reportSetAside();
    }
  }

  /** Removes what is kept no longer, once in a while. */
  async upkeep(): Promise<void> {
    const { projection, retention, clock, files, directory, report } = this.#parts;
    const nowMs = clock.now();
    if (nowMs < this.#upkeepDueMs) return;
    this.#upkeepDueMs = nowMs + LEDGER_LIMITS.upkeepMs;
    const { shares, slices } = await projection.retain(retention, nowMs);
    let removed = 0;
    if (retention.journalDays > 0) {
      // The records that stand in the files must be safe in the database first.
      await projection.settle();
      const beforeMs = nowMs - retention.journalDays * DAY_MS;
      removed = removeOldSegments(files, join(directory, 'journal'), this.#journal.position, beforeMs);
    }
    if (shares + slices + removed > 0) report({ kind: 'removed', shares, slices, files: removed });
  }

  async #lookAtPayments(): Promise<boolean> {
    const nowMs = this.#parts.clock.now();
    if (nowMs < this.#paymentsDueMs) return false;
    const worked = await this.#payments.step(Number.POSITIVE_INFINITY);
    if (!worked) this.#paymentsDueMs = nowMs + PAYMENTS_MS;
    return worked;
  }

  #progress(caughtUp: boolean): void {
    const { position } = this.#journal;
    this.#parts.report({ kind: 'progress', position, deadLetters: this.#deadLetters, caughtUp });
  }

  #reportSetAside(): void {
    const [letter, ...others] = this.#setAside;
    if (letter === undefined) return;
    this.#setAside = [];
    this.#deadLetters += 1 + others.length;
    this.#parts.report({ kind: 'set-aside', letter, more: others.length });
    this.#progress(false);
  }
}
