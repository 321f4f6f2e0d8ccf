import type { Clock } from '../clock.ts';
import type { LedgerQueries, QueryArguments, QueryResult } from '../database/queries/types.ts';
import { LEDGER_ERRORS, LedgerError } from '../errors.ts';
import { LEDGER_LIMITS } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { ProjectionFigures, ProjectionState } from './projection-state.ts';
import type { ProjectorHost, StartProjector } from './projector-host.ts';
import type { ProjectorReport } from './projector-report.ts';
import { Questions } from './questions.ts';

/** What a database needs of its journal. */
interface ProjectedJournal {
  readonly watermark: number;
  onWatermark(listener: (watermark: number) => void): void;
}

export interface LedgerDatabaseOptions {
  readonly journal: ProjectedJournal;
  readonly start: StartProjector;
  readonly clock: Clock;
  readonly log: Logger;
}

type Status = ProjectionState extends infer S ? (S extends unknown ? Omit<S, keyof ProjectionFigures> : never) : never;

interface Waiter {
  readonly position: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const CATCHING_UP: Status = { kind: 'behind', reason: 'the database catches up with the journal' };
const LATE: Status = {
  kind: 'behind',
  reason: `the database lacks records of more than ${LEDGER_LIMITS.behindMs / 1000} seconds ago`,
};

/** The database as the service sees it: never waited for, and started again when its thread ends. */
export class LedgerDatabase {
  readonly #options: LedgerDatabaseOptions;
  readonly #questions: Questions;
  readonly #listeners: ((state: ProjectionState) => void)[] = [];
  #waiters: Waiter[] = [];
  #host: ProjectorHost | undefined;
  #status: Status = CATCHING_UP;
  #position = 0;
  #deadLetters = 0;
  /** The oldest record that is known to wait: it was told of at that time. */
  #waiting: { readonly position: number; readonly sinceMs: number } | undefined;
  #telling: Disposable | undefined;
  #restart: Disposable | undefined;
  #restartMs: number = LEDGER_LIMITS.databaseRetryMs;
  #closed = false;

  constructor(options: LedgerDatabaseOptions) {
    this.#options = options;
    this.#questions = new Questions(options.clock);
    this.#start();
    options.journal.onWatermark(() => this.#tellSoon());
  }

  get state(): ProjectionState {
    const lag = Math.max(0, this.#options.journal.watermark - this.#position);
    return { ...this.#status, position: this.#position, lag, deadLetters: this.#deadLetters };
  }

  onState(listener: (state: ProjectionState) => void): void {
    this.#listeners.push(listener);
  }

  /** @throws LedgerError 'ledger-database-away', 'ledger-query-late' or 'ledger-busy' */
  async query<K extends keyof LedgerQueries>(name: K, args: QueryArguments<K>): Promise<QueryResult<K>> {
    const host = this.#host;
    if (host === undefined) throw new LedgerError('ledger-database-away', 'the database is away', { name });
    const answer = await this.#questions.ask(name, (id) => host.query(id, name, args));
    // The thread answers `name` with what its projection does.
    return answer as QueryResult<K>;
  }

  /** Resolves when the database holds the record at `position`, however long that takes; rejects when it is closed. */
  projected(position: number): Promise<void> {
    if (this.#position >= position) return Promise.resolve();
    if (this.#closed) return Promise.reject(closedError());
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiters.push({ position, resolve, reject });
    this.#host?.keepAlive(true);
    return promise;
  }

  /** Lets the database catch up for at most `limitMs`, and ends its thread. */
  async close(limitMs: number): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#telling?.[Symbol.dispose]();
    this.#restart?.[Symbol.dispose]();
    this.#host?.raise(this.#options.journal.watermark);
    await this.#host?.close(limitMs);
    this.#host = undefined;
    this.#questions.abandon('ledger-database-away', 'the ledger was closed');
    for (const { reject } of this.#waiters) reject(closedError());
    this.#waiters = [];
  }

  #start(): void {
    const { journal, start } = this.#options;
    this.#host = start(journal.watermark, {
      report: (report) => this.#onReport(report),
      answer: (id, answer) => this.#questions.answer(id, answer),
      noAnswer: (id, problem) => this.#questions.noAnswer(id, problem),
      ended: (reason) => this.#onEnded(reason),
    });
    if (this.#waiters.length > 0) this.#host.keepAlive(true);
  }

  #onEnded(reason: string): void {
    this.#host = undefined;
    this.#questions.abandon('ledger-database-away', `the database is away: its thread ended: ${reason}`);
    if (this.#closed) return;
    this.#setStatus({ kind: 'away', reason: `the thread of the database ended: ${reason}` });
    this.#restart = this.#options.clock.after(this.#restartMs, () => this.#start());
    this.#restartMs = Math.min(2 * this.#restartMs, LEDGER_LIMITS.databaseRetryMostMs);
  }

  #tellSoon(): void {
    if (this.#closed) return;
    this.#telling ??= this.#options.clock.after(LEDGER_LIMITS.projectMs, () => this.#tell());
  }

  #tell(): void {
    this.#telling = undefined;
    const { clock, journal } = this.#options;
    this.#host?.raise(journal.watermark);
    const nowMs = clock.now();
    this.#waiting ??= { position: journal.watermark, sinceMs: nowMs };
    if (this.#status.kind === 'ok' && nowMs - this.#waiting.sinceMs > LEDGER_LIMITS.behindMs) this.#setStatus(LATE);
  }

  #onReport(report: ProjectorReport): void {
    const { log } = this.#options;
    switch (report.kind) {
      case 'progress':
        this.#onProgress(report);
        return;
      case 'away':
        this.#setStatus({ kind: 'away', reason: report.reason });
        return;
      case 'refused': {
        const { code, reason } = report;
        this.#setStatus({ kind: 'refused', code, reason: `${reason}. ${LEDGER_ERRORS[code]}` });
        return;
      }
      case 'made-anew':
        log.error('the ledger database is damaged: it was set aside, and is made anew from the journal', {
          reason: report.reason,
        });
        return;
      case 'set-aside':
        log.error('a record does not go into the ledger database and was set aside', {
          ...report.letter,
          more: report.more,
        });
        return;
      case 'removed': {
        const { shares, slices, files } = report;
        log.info('what the ledger keeps no longer was removed', { shares, slices, files });
        return;
      }
      case 'not-removed':
        log.warn('what the ledger keeps no longer could not be removed', { reason: report.reason });
        return;
      default:
        report satisfies never;
    }
  }

  #onProgress({ position, deadLetters, caughtUp }: Extract<ProjectorReport, { kind: 'progress' }>): void {
    this.#restartMs = LEDGER_LIMITS.databaseRetryMs;
    this.#position = position;
    if (this.#waiting !== undefined && position >= this.#waiting.position) this.#waiting = undefined;
    const more = deadLetters !== this.#deadLetters;
    this.#deadLetters = deadLetters;
    if (caughtUp) this.#setStatus({ kind: 'ok' }, more);
    else if (this.#status.kind !== 'ok') this.#setStatus(this.#status === LATE ? LATE : CATCHING_UP, more);
    else if (more) this.#announce();
    const done = this.#waiters.filter((waiter) => waiter.position <= position);
    if (done.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => waiter.position > position);
    if (this.#waiters.length === 0) this.#host?.keepAlive(false);
    for (const { resolve } of done) resolve();
  }

  #setStatus(status: Status, announce = false): void {
    const before = this.#status;
    this.#status = status;
    const reason = 'reason' in status ? status.reason : undefined;
    const changed = before.kind !== status.kind || ('reason' in before ? before.reason : undefined) !== reason;
    if (changed) this.#log(before, reason);
    if (changed || announce) this.#announce();
  }

  #log(before: Status, reason: string | undefined): void {
    const { log } = this.#options;
    switch (this.#status.kind) {
      case 'ok':
        if (before !== CATCHING_UP) log.info('the ledger database is up to date again');
        return;
      case 'behind':
        log.warn('the ledger database is behind; the journal is not', { reason });
        return;
      case 'away':
        log.warn('the ledger database is away; its records wait in the journal', { reason });
        return;
      case 'refused':
        log.error('the ledger database is not used; the journal goes on', { reason });
        return;
      case 'none':
        return;
      default:
        this.#status satisfies never;
    }
  }

  #announce(): void {
    for (const listener of this.#listeners) listener(this.state);
  }
}

function closedError(): LedgerError {
  return new LedgerError('ledger-database-away', 'the ledger was closed');
}
