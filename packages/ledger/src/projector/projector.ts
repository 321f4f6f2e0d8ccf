import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { DatabaseAway } from '../database/faults.ts';
import type { Projection } from '../database/projection.ts';
import type { LedgerQueries, QueryArguments, QueryResult } from '../database/queries/types.ts';
import { LedgerError, type LedgerErrorCode } from '../errors.ts';
import { LEDGER_LIMITS } from '../limits.ts';
import { ProjectionSession, type SessionParts } from './projection-session.ts';
import { SegmentList } from './segment-list.ts';

export interface ProjectorOptions extends Omit<SessionParts, 'projection'> {
  /** Everything in the journal up to this record is on disk. */
  readonly watermark: number;
  /** @throws DatabaseAway, LedgerError */
  readonly connect: () => Promise<Projection>;
  /** Moves a damaged database out of the way; undefined where there is no such thing. */
  readonly setAside?: (() => void) | undefined;
}

/** What a person must decide; everything else is tried again. */
const REFUSALS: ReadonlySet<LedgerErrorCode> = new Set<LedgerErrorCode>([
  'ledger-ahead',
  'ledger-corrupted',
  'ledger-database-damaged',
  'ledger-dead-letters',
  'ledger-other-journal',
  'ledger-partial',
  'ledger-version',
]);
const IDLE_MS = 1000;

/** Brings journals into a database for as long as it runs: in a thread of its own, or in this one in tests. */
export class Projector {
  readonly #options: ProjectorOptions;
  #watermark: number;
  #projection: Projection | undefined;
  #retryMs: number = LEDGER_LIMITS.databaseRetryMs;
  /** When it gives up to catch up; undefined while it runs. */
  #closeByMs: number | undefined;
  /** Once it is known whether the database can be asked. */
  readonly #tried = Promise.withResolvers<void>();
  readonly #closing = Promise.withResolvers<void>();
  #woken = false;
  /** What a question has met. */
  #damage: LedgerError | undefined;
  #isMadeAnew = false;
  #resume: () => void = () => {};

  constructor(options: ProjectorOptions) {
    this.#options = options;
    this.#watermark = options.watermark;
  }

  /** Everything in the journal up to here is on disk. */
  raise(watermark: number): void {
    this.#watermark = Math.max(this.#watermark, watermark);
    this.#wake();
  }

  /** Ends `run` when everything is projected, when `limitMs` have passed, or at once while the database is away. */
  close(limitMs: number): void {
    this.#closeByMs ??= this.#options.clock.now() + limitMs;
    this.#closing.resolve();
    this.#wake();
  }

  /**
   * Asks the database, at the start as soon as it is there.
   *
   * @throws LedgerError 'ledger-database-away'; what the database throws of arguments that it does not understand
   */
  async query<K extends keyof LedgerQueries>(name: K, args: QueryArguments<K>): Promise<QueryResult<K>> {
    await this.#tried.promise;
    if (this.#projection === undefined) throw new LedgerError('ledger-database-away', 'the database is away');
    try {
      return await this.#projection.query(name, args);
    } catch (error) {
      if (isDamage(error)) {
        this.#damage = error;
        this.#wake();
      }
      if (!(error instanceof DatabaseAway)) throw error;
      throw new LedgerError('ledger-database-away', `the database is away: ${error.message}`, {}, { cause: error });
    }
  }

  /** Projects until it is closed. Never throws: what goes wrong is reported. */
  async run(): Promise<void> {
    while (this.#closeByMs === undefined) {
      try {
        await this.#session();
      } catch (error) {
        await this.#onFailure(error);
      }
    }
    this.#tried.resolve();
    await this.#disconnect();
  }

  async #session(): Promise<void> {
    this.#damage = undefined;
    this.#projection ??= await this.#options.connect();
    const session = new ProjectionSession({ ...this.#options, projection: this.#projection });
    try {
      await session.begin(this.#watermark);
    } catch (error) {
      await this.#disconnect();
      throw error;
    }
    this.#tried.resolve();
    for (;;) {
      if (this.#damage !== undefined) throw this.#damage;
      const worked = await session.step(this.#watermark);
      this.#retryMs = LEDGER_LIMITS.databaseRetryMs;
      if (this.#closeByMs !== undefined && (!worked || this.#options.clock.now() >= this.#closeByMs)) return;
      // Messages are read between transactions: a database in this process takes no turn of the event loop by itself.
      if (worked) await turn();
      else {
        await session.upkeep();
        await this.#idle(IDLE_MS);
      }
    }
  }

  async #onFailure(error: unknown): Promise<void> {
    const { report } = this.#options;
    if (isDamage(error) && (await this.#makeAnew(error))) return;
    this.#tried.resolve();
    if (error instanceof LedgerError && REFUSALS.has(error.code)) {
      report({ kind: 'refused', code: error.code, reason: error.message });
      await this.#disconnect();
      await this.#closing.promise;
      return;
    }
    report({ kind: 'away', reason: error instanceof Error ? error.message : String(error) });
    const pause = Promise.withResolvers<void>();
    using _timer = this.#options.clock.after(this.#retryMs, pause.resolve);
    this.#retryMs = Math.min(2 * this.#retryMs, LEDGER_LIMITS.databaseRetryMostMs);
    await Promise.race([pause.promise, this.#closing.promise]);
  }

  /** The journal has all that the database had, if its first file is there. Once: a disk that goes on so is no place for it. */
  async #makeAnew(damage: LedgerError): Promise<boolean> {
    const { setAside, files, directory, report } = this.#options;
    if (setAside === undefined || this.#isMadeAnew) return false;
    this.#isMadeAnew = true;
    try {
      const [oldest] = new SegmentList(files, join(directory, 'journal')).look();
      if (oldest?.firstPosition !== 1) return false;
      await this.#disconnect();
      setAside();
    } catch {
      // A disk on which that fails too is for a person.
      return false;
    }
    report({ kind: 'made-anew', reason: damage.message });
    return true;
  }

  #wake(): void {
    this.#woken = true;
    this.#resume();
  }

  /** Waits for a call from outside, at most `ms`; not at all when one came since the last time. */
  async #idle(ms: number): Promise<void> {
    if (!this.#woken) {
      const { promise, resolve } = Promise.withResolvers<void>();
      using _timer = this.#options.clock.after(ms, resolve);
      this.#resume = resolve;
      await promise;
    }
    this.#woken = false;
  }

  async #disconnect(): Promise<void> {
    const projection = this.#projection;
    this.#projection = undefined;
    // What is applied is committed: a connection that cannot be closed well takes nothing with it.
    await projection?.close().catch(() => {});
  }
}

function isDamage(error: unknown): error is LedgerError {
  return error instanceof LedgerError && error.code === 'ledger-database-damaged';
}
