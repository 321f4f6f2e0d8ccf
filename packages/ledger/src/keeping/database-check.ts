import type { Cell, Reader, Row } from '../database/database.ts';
import { fingerprintOf } from '../database/fingerprint.ts';
import type { Source } from '../database/projection.ts';
import type { JournalEntry } from '../read-journal.ts';
import { inParts } from './export-tables.ts';
import type { Finding, FindingCode, JournalSummary } from './journal-check.ts';
import { Recount, type Stretch, workerKey } from './recount.ts';

/** What the database says, at one moment. */
interface Said {
  readonly positions: Readonly<Record<Source, { readonly position: number; readonly fingerprint: string }>>;
  readonly stretches: readonly (Stretch & { readonly shares: number; readonly work: bigint })[];
  readonly workers: readonly Row[];
  readonly blocks: ReadonlySet<string>;
  /** Those that owe somebody something. */
  readonly owingBlocks: readonly string[];
  readonly deadLetters: ReadonlySet<number>;
  readonly payments: { readonly count: number; readonly amounts: ReadonlyMap<string, bigint> };
  readonly damage: readonly string[];
}

/** How far the database has come, and whether it has been compared. */
export interface DatabaseSummary {
  readonly name: 'sqlite' | 'postgres';
  /** Of the last record that it holds. */
  readonly position: number;
  readonly workers: number;
  readonly blocks: number;
  readonly deadLetters: number;
}

const MOST = 10;

/** Holds a database against its journals, which are read behind it: they have all that it has. */
export class DatabaseCheck {
  readonly #said: Said;
  readonly #dialect: 'sqlite' | 'postgres';
  readonly #recount: Recount;
  readonly #findings: Finding[] = [];
  #payments = 0;
  readonly #paid = new Map<string, bigint>();

  private constructor(said: Said, dialect: 'sqlite' | 'postgres') {
    this.#said = said;
    this.#dialect = dialect;
    this.#recount = new Recount(said.positions.journal.position, said.deadLetters, said.stretches);
    for (const text of said.damage) this.#find('database-damaged', text);
  }

  static async begin(reader: Reader): Promise<DatabaseCheck> {
    return new DatabaseCheck(await ask(reader), reader.dialect.name);
  }

  get summary(): DatabaseSummary {
    const { positions, workers, blocks, deadLetters } = this.#said;
    const counts = { workers: workers.length, blocks: blocks.size, deadLetters: deadLetters.size };
    return { name: this.#dialect, position: positions.journal.position, ...counts };
  }

  /** Takes the journals' records in, in order. */
  entry(source: Source, entry: JournalEntry): void {
    const { position, fingerprint } = this.#said.positions[source];
    if (entry.position === position && fingerprintOf(entry) !== fingerprint) {
      this.#find('database-other', `record ${position} of ${source} is not the one that the database has counted`);
    }
    if (source === 'journal') return this.#recount.entry(entry);
    if (entry.position > position || entry.record.type !== 'PayoutPaid') return;
    const { account, amount } = entry.record;
    this.#payments += 1;
    this.#paid.set(account, (this.#paid.get(account) ?? 0n) + amount);
  }

  /** @param journals as they were read */
  finish(journals: readonly JournalSummary[]): readonly Finding[] {
    for (const source of ['journal', 'payments'] as const) {
      const { position } = this.#said.positions[source];
      const last = journals.find(({ name }) => name === source)?.lastPosition ?? 0;
      if (position > last) {
        this.#find('database-ahead', `the database holds record ${position} of ${source}, which ends with ${last}`);
      }
    }
    const journal = journals.find(({ name }) => name === 'journal');
    if (this.#findings.some(({ code }) => code !== 'database-damaged') || journal === undefined) return this.#findings;
    // What retention has removed from the journal cannot be counted again.
    if (journal.firstPosition === 1) this.#compareWorkers();
    this.#compareStretches(journal.firstPosition);
    this.#compareBlocks(journal.firstPosition);
    this.#comparePayments();
    return this.#findings;
  }

  #compareWorkers(): void {
    const journal = new Map(this.#recount.workers);
    for (const row of this.#said.workers) {
      const key = workerKey(text(row['user_name']), text(row['worker_name']));
      const sum = journal.get(key) ?? { shares: 0, rejected: 0, work: 0n };
      journal.delete(key);
      const name = key.replace('\n', ' / ');
      this.#compare(`accepted shares of ${name}`, number(row['accepted']), sum.shares);
      this.#compare(`rejected shares of ${name}`, number(row['rejected']), sum.rejected);
      this.#compare(`work of ${name}`, BigInt(text(row['work'])), sum.work);
    }
    for (const { user, worker } of journal.values()) {
      this.#find('database-differs', `worker ${user} / ${worker} of the journal is not in the database`);
    }
  }

  #compareStretches(firstPosition: number): void {
    for (const [index, { first, last, shares, work }] of this.#said.stretches.entries()) {
      if (first < firstPosition) continue;
      const sum = this.#recount.sums[index];
      this.#compare(`accepted shares of records ${first} to ${last}`, shares, sum?.shares ?? 0);
      this.#compare(`work of records ${first} to ${last}`, work, sum?.work ?? 0n);
    }
    if (this.#recount.outside > 0 && firstPosition === 1) {
      this.#find('database-differs', `${this.#recount.outside} accepted shares are in no slice of the database`);
    }
  }

  #compareBlocks(firstPosition: number): void {
    const found = new Set(this.#recount.blocks);
    for (const hash of found) {
      if (!this.#said.blocks.has(hash)) this.#find('database-differs', `block ${shown(hash)} is not in the database`);
    }
    if (firstPosition > 1) return;
    for (const hash of this.#said.owingBlocks) {
      if (!found.has(hash)) this.#find('database-differs', `block ${shown(hash)}, which owes, is not in the journal`);
    }
  }

  #comparePayments(): void {
    const { count, amounts } = this.#said.payments;
    this.#compare('number of payments', count, this.#payments);
    for (const account of new Set([...amounts.keys(), ...this.#paid.keys()])) {
      this.#compare(`satoshis paid to ${account}`, amounts.get(account) ?? 0n, this.#paid.get(account) ?? 0n);
    }
  }

  #compare(what: string, said: number | bigint, counted: number | bigint): void {
    if (said !== counted) this.#find('database-differs', `${what}: ${said} in the database, ${counted} by the journal`);
  }

  #find(code: FindingCode, text: string): void {
    if (this.#findings.length < MOST) this.#findings.push({ code, where: 'database', text });
  }
}

async function ask(reader: Reader): Promise<Said> {
  const stretches: Said['stretches'][number][] = [];
  const bySlice = 'SELECT id, last_position, shares, work FROM slices WHERE id > $1 ORDER BY id';
  for await (const row of inParts(reader, bySlice, [0], ({ id }) => [id ?? 0])) {
    const [first, last] = [number(row['id']), number(row['last_position'])];
    stretches.push({ first, last, shares: number(row['shares']), work: BigInt(text(row['work'])) });
  }
  const workers: Row[] = [];
  const byWorker = 'SELECT id, user_name, worker_name, accepted, rejected, work FROM workers WHERE id > $1 ORDER BY id';
  for await (const row of inParts(reader, byWorker, [0], ({ id }) => [id ?? 0])) workers.push(row);
  const blocks = await reader.all('SELECT hash FROM blocks');
  const dead = await reader.all("SELECT position FROM dead_letters WHERE source = 'journal'");
  const owing = await reader.all('SELECT hash FROM block_payouts ORDER BY id');
  const paid = await reader.all(
    'SELECT account, count(*) AS count, sum(amount) AS amount FROM payments GROUP BY account',
  );
  return {
    positions: { journal: await positionOf(reader, 'journal'), payments: await positionOf(reader, 'payments') },
    stretches,
    workers,
    blocks: new Set(blocks.map(hex)),
    owingBlocks: owing.map(hex),
    deadLetters: new Set(dead.map(({ position }) => number(position))),
    payments: {
      count: paid.reduce((sum, row) => sum + number(row['count']), 0),
      amounts: new Map(paid.map(({ account, amount }) => [text(account), BigInt(text(amount))])),
    },
    damage: await damageOf(reader),
  };
}

async function positionOf(reader: Reader, source: Source) {
  const [row] = await reader.all('SELECT position, fingerprint FROM journals WHERE name = $1', [source]);
  return { position: number(row?.['position']), fingerprint: text(row?.['fingerprint']) };
}

/** PostgreSQL checks its pages itself. */
async function damageOf(reader: Reader): Promise<readonly string[]> {
  if (reader.dialect.name !== 'sqlite') return [];
  const rows = await reader.all(`PRAGMA integrity_check(${MOST})`);
  return rows.map((row) => text(row['integrity_check'])).filter((said) => said !== 'ok');
}

const number = (cell: Cell | undefined): number => Number(cell ?? 0);
const text = (cell: Cell | undefined): string => String(cell ?? '');
const hex = ({ hash }: Row): string => (hash instanceof Uint8Array ? Buffer.from(hash).toString('hex') : '');
/** As people write it. */
const shown = (hash: string): string => Buffer.from(hash, 'hex').reverse().toString('hex');
