import { LedgerError } from '../errors.ts';
import type { Retention } from '../ledger-options.ts';
import { payoutHooks } from '../payouts/hooks.ts';
import type { JournalEntry } from '../read-journal.ts';
import { applyRecords } from './apply/apply-records.ts';
import { faultOf } from './apply/check.ts';
import { rememberedWork } from './apply/fold.ts';
import { loadMemory } from './apply/load.ts';
import type { Memory } from './apply/memory.ts';
import { plainText } from './apply/texts.ts';
import type { Database, Reader, Transaction } from './database.ts';
import { DatabaseAway, RecordFault, ValueRefused } from './faults.ts';
import { bodyOf, fingerprintOf } from './fingerprint.ts';
import { type ProjectedPosition, type Projection, type Retained, SOURCES, type Source } from './projection.ts';
import { answer } from './queries/answer.ts';
import type { LedgerQueries, QueryArguments, QueryResult } from './queries/types.ts';
import { firstWithin } from './keep/border.ts';
import { retain } from './keep/retain.ts';
import { deadLetters, LEDGER_TABLES } from './tables.ts';

/** The projection on a database of either kind. */
export class ProjectedDatabase implements Projection {
  readonly #database: Database;
  readonly #workOf = rememberedWork();
  #memory: Memory | undefined;
  #session: object | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  async position(source: Source = 'journal'): Promise<ProjectedPosition> {
    const { positions } = this.#memory ?? (await this.#transaction(async (_, memory) => memory));
    return positions[source];
  }

  async apply(entries: readonly JournalEntry[], source: Source = 'journal'): Promise<void> {
    const { position } = await this.position(source);
    const fresh = entries.filter((entry) => entry.position > position);
    const [first] = fresh;
    if (first === undefined) return;
    // Of a journal whose oldest files were removed, the first projection begins where it begins.
    if (position > 0 && first.position !== position + 1) throw gap(position + 1, first.position);
    await this.#applyOrFind(fresh, source);
  }

  async applyDead(
    entry: JournalEntry,
    fault: Pick<RecordFault, 'code' | 'message'>,
    source: Source = 'journal',
  ): Promise<void> {
    const { position } = await this.position(source);
    if (entry.position <= position) return;
    const { code, body } = bodyOf(entry);
    const why = { fault: fault.code, reason: plainText(fault.message) };
    await this.#transaction(async (transaction, memory) => {
      const letter = { source, position: entry.position, record_code: code, ...why, body };
      await transaction.put(deadLetters, [letter], 'keep');
      await advance(transaction, memory, entry, source);
    });
  }

  query<K extends keyof LedgerQueries>(name: K, args: QueryArguments<K>): Promise<QueryResult<K>> {
    return this.#database.snapshot((reader) => answer(reader, name, args));
  }

  snapshot<T>(run: (reader: Reader) => Promise<T>): Promise<T> {
    return this.#database.snapshot(run);
  }

  async reset(): Promise<void> {
    await this.#transaction(async (transaction) => {
      for (const { name } of [...LEDGER_TABLES, ...payoutHooks.tables]) {
        await transaction.run(transaction.dialect.empty(name));
      }
    });
    this.#memory = undefined;
  }

  retain(retention: Retention): Promise<Retained> {
    return retain(this.#database, retention);
  }

  async firstWithin(days: number): Promise<number> {
    return (await firstWithin(this.#database, days)).position;
  }

  settle(): Promise<void> {
    return this.#database.settle();
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Applies all, or all before the first record that cannot be. */
  async #applyOrFind(entries: readonly JournalEntry[], source: Source): Promise<void> {
    const bad = entries.findIndex((entry) => faultOf(entry, source) !== undefined);
    const good = bad < 0 ? entries : entries.slice(0, bad);
    try {
      await this.#applyWhole(good, source);
    } catch (error) {
      if (error instanceof ValueRefused) return this.#narrow(good, source, error);
      if (!(error instanceof RecordFault)) throw error;
      await this.#applyWhole(
        good.filter(({ position }) => position < error.position),
        source,
      );
      throw error;
    }
    const entry = entries[bad];
    if (entry !== undefined) throw faultOf(entry, source);
  }

  /** Halves until the record is alone whose value the database refuses. */
  async #narrow(entries: readonly JournalEntry[], source: Source, refusal: ValueRefused): Promise<void> {
    const [first] = entries;
    if (entries.length <= 1) {
      throw new RecordFault('refused-by-database', first?.position ?? 0, refusal.message, { cause: refusal });
    }
    const half = entries.length >> 1;
    await this.#applyOrFind(entries.slice(0, half), source);
    await this.#applyOrFind(entries.slice(half), source);
  }

  async #applyWhole(entries: readonly JournalEntry[], source: Source): Promise<void> {
    const last = entries.at(-1);
    if (last === undefined) return;
    await this.#transaction(async (transaction, memory) => {
      memory.trim();
      await applyRecords(transaction, memory, entries, source, this.#workOf);
      await advance(transaction, memory, last, source);
    });
  }

  /** Runs with what the database says in memory; that is forgotten when the transaction fails, in whatever way. */
  async #transaction<T>(run: (transaction: Transaction, memory: Memory) => Promise<T>): Promise<T> {
    try {
      return await this.#database.transaction(async (transaction) => {
        return run(transaction, await this.#remembered(transaction));
      });
    } catch (error) {
      this.#memory = undefined;
      throw error;
    }
  }

  /** A database that came back over another connection may have lost its last commits, or be another one. */
  async #remembered(transaction: Transaction): Promise<Memory> {
    const known = this.#memory;
    if (known !== undefined && this.#session === transaction.session) return known;
    const loaded = await loadMemory(transaction);
    this.#memory = loaded;
    this.#session = transaction.session;
    const isAsKnown = SOURCES.every((source) => {
      return known === undefined || known.positions[source].position === loaded.positions[source].position;
    });
    if (!isAsKnown) throw new DatabaseAway('the database went away, and came back with other records');
    return loaded;
  }
}

async function advance(
  transaction: Transaction,
  { positions }: Memory,
  entry: JournalEntry,
  source: Source,
): Promise<void> {
  const { position } = entry;
  const fingerprint = fingerprintOf(entry);
  const changed = await transaction.run(
    'UPDATE journals SET position = $2, fingerprint = $3 WHERE name = $1 AND position = $4',
    [source, position, fingerprint, positions[source].position],
  );
  if (changed !== 1) throw new LedgerError('ledger-locked', 'another program has projected into this database');
  positions[source] = { position, fingerprint };
}

function gap(expected: number, found: number): LedgerError {
  const message = `records from ${expected} on are to be projected, but the journal has none before ${found}`;
  return new LedgerError('ledger-corrupted', message, { expected, found });
}
