import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { DatabaseAway } from '../database/faults.ts';
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

/** The payments' writer is another process, which says nothing: its journal is looked at. */
const PAYMENTS_MS = 1000;

/** A database that was reached, and the journals on their way into it, until one of them fails. */
export class ProjectionSession {
  readonly #parts: SessionParts;
  readonly #journal: SourceFollower;
  readonly #payments: SourceFollower;
  #setAside: SetAside[] = [];
  #deadLetters = 0;
  #lookedAtPaymentsMs = Number.NEGATIVE_INFINITY;
  #upkeepMs = Number.NEGATIVE_INFINITY;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    const onSetAside = (letter: SetAside): void => void this.#setAside.push(letter);
    this.#journal = new SourceFollower({ ...parts, source: 'journal', onSetAside });
    this.#payments = new SourceFollower({ ...parts, source: 'payments', onSetAside });
  }

  /**
   * Checks that the database is of these journals.
   *
   * @throws DatabaseAway; LedgerError 'ledger-ahead', 'ledger-other-journal', 'ledger-partial' or 'ledger-corrupted'
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

  /**
   * Removes what is kept no longer, once in a while.
   *
   * @throws DatabaseAway; anything else is reported, for what is kept for too long harms nobody
   */
  async upkeep(): Promise<void> {
    const nowMs = this.#parts.clock.now();
    // The clock may be set back.
    if (Math.abs(nowMs - this.#upkeepMs) < LEDGER_LIMITS.upkeepMs) return;
    this.#upkeepMs = nowMs;
    try {
      await this.#remove();
    } catch (error) {
      if (error instanceof DatabaseAway) throw error;
      this.#parts.report({ kind: 'not-removed', reason: String(error) });
    }
  }

  async #remove(): Promise<void> {
    const { projection, retention, files, directory, report } = this.#parts;
    const { shares, slices } = await projection.retain(retention);
    let removed = 0;
    if (retention.journalDays > 0) {
      // The records that stand in the files must be safe in the database first.
      await projection.settle();
      const first = await projection.firstWithin(retention.journalDays);
      removed = removeOldSegments(files, join(directory, 'journal'), Math.min(first, this.#journal.position));
    }
    if (shares + slices + removed > 0) report({ kind: 'removed', shares, slices, files: removed });
  }

  async #lookAtPayments(): Promise<boolean> {
    const nowMs = this.#parts.clock.now();
    if (Math.abs(nowMs - this.#lookedAtPaymentsMs) < PAYMENTS_MS) return false;
    const worked = await this.#payments.step(Number.POSITIVE_INFINITY);
    if (!worked) this.#lookedAtPaymentsMs = nowMs;
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
