import { DatabaseAway, RecordFault } from '../src/database/faults.ts';
import { fingerprintOf } from '../src/database/fingerprint.ts';
import type { ProjectedPosition, Projection, Source } from '../src/database/projection.ts';
import type { LedgerQueries, QueryArguments, QueryResult } from '../src/database/queries/types.ts';
import type { JournalEntry } from '../src/index.ts';

const NOWHERE: ProjectedPosition = { position: 0, fingerprint: '' };

interface DeadLetter {
  readonly source: Source;
  readonly position: number;
  readonly code: string;
}

/** What a database holds, and how it misbehaves; it outlives its connections. */
export class FakeDatabase {
  readonly applied: Record<Source, number[]> = { journal: [], payments: [] };
  readonly marks: Record<Source, ProjectedPosition> = { journal: NOWHERE, payments: NOWHERE };
  /** Of what was applied of the journal, in order. */
  readonly fingerprints: string[] = [];
  readonly deadLetters: DeadLetter[] = [];
  /** Sizes of the transactions. */
  readonly batches: number[] = [];
  connections = 0;
  open = 0;
  retained = 0;
  /** What there is to remove, each time. */
  old = { shares: 0, slices: 0 };
  /** The first record that is not too old for the journal. */
  young = 0;
  cannotRetain = false;
  settled = 0;
  /** Cannot be reached. */
  away = false;
  /** Of the coming transactions, what they do instead; shifted at each. */
  faults: ('before' | 'after' | undefined)[] = [];
  /** What a record does that cannot be applied. */
  faultOf: (entry: JournalEntry) => 'fault' | 'bug' | undefined = () => undefined;
  /** Called in each transaction. */
  during: () => Promise<void> = () => Promise.resolve();

  connect = async (): Promise<Projection> => {
    this.connections += 1;
    if (this.away) throw new DatabaseAway('connection refused');
    this.open += 1;
    return new FakeProjection(this);
  };
}

class FakeProjection implements Projection {
  readonly #database: FakeDatabase;

  constructor(database: FakeDatabase) {
    this.#database = database;
  }

  async position(source: Source = 'journal'): Promise<ProjectedPosition> {
    this.#reach();
    return this.#database.marks[source];
  }

  async apply(entries: readonly JournalEntry[], source: Source = 'journal'): Promise<void> {
    const database = this.#database;
    this.#reach();
    await database.during();
    const fault = database.faults.shift();
    if (fault === 'before') throw new DatabaseAway('the disk is full');
    database.batches.push(entries.length);
    for (const [index, entry] of entries.entries()) {
      const strange = database.faultOf(entry);
      if (strange === undefined) continue;
      // As the real one: a bug says no position and undoes the batch.
      if (strange === 'bug') throw new TypeError('undefined is not a function');
      this.#commit(entries.slice(0, index), source);
      throw new RecordFault('impossible-difficulty', entry.position, 'the difficulty is negative');
    }
    this.#commit(entries, source);
    if (fault === 'after') throw new DatabaseAway('the connection broke during the commit');
  }

  async applyDead(entry: JournalEntry, { code }: { readonly code: string }, source: Source = 'journal'): Promise<void> {
    this.#reach();
    const { deadLetters, marks } = this.#database;
    deadLetters.push({ source, position: entry.position, code });
    marks[source] = { position: entry.position, fingerprint: fingerprintOf(entry) };
  }

  async query<K extends keyof LedgerQueries>(name: K, _args: QueryArguments<K>): Promise<QueryResult<K>> {
    this.#reach();
    if (name === 'deadLetters') return { total: this.#database.deadLetters.length, items: [] } as QueryResult<K>;
    if (name === 'totals') return { position: this.#database.marks.journal.position } as unknown as QueryResult<K>;
    throw new TypeError(`there is no question ${name}`);
  }

  async retain() {
    if (this.#database.cannotRetain) throw new TypeError('no such table');
    this.#database.retained += 1;
    return this.#database.old;
  }

  async firstWithin(): Promise<number> {
    return this.#database.young;
  }

  async settle(): Promise<void> {
    this.#database.settled += 1;
  }

  snapshot(): Promise<never> {
    return Promise.reject(new TypeError('there are no tables'));
  }

  async reset(): Promise<void> {}

  async close(): Promise<void> {
    this.#database.open -= 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #reach(): void {
    if (this.#database.away) throw new DatabaseAway('the server closed the connection');
  }

  #commit(entries: readonly JournalEntry[], source: Source): void {
    const { applied, marks, fingerprints } = this.#database;
    for (const entry of entries) {
      if (entry.position <= marks[source].position) continue;
      const fingerprint = fingerprintOf(entry);
      applied[source].push(entry.position);
      marks[source] = { position: entry.position, fingerprint };
      if (source === 'journal') fingerprints.push(fingerprint);
    }
  }
}
