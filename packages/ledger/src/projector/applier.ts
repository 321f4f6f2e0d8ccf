import type { Projection, Source } from '../database/projection.ts';
import { DatabaseAway, RecordFault, type RecordFaultCode } from '../database/faults.ts';
import { LedgerError } from '../errors.ts';
import { LEDGER_LIMITS } from '../limits.ts';
import type { JournalEntry } from '../read-journal.ts';
import { isMalformed } from '../records/encode.ts';

/** A record that the database does not take, and why. */
export interface SetAside {
  readonly source: Source;
  readonly position: number;
  readonly code: RecordFaultCode;
  readonly reason: string;
}

type Fault = Pick<RecordFault, 'code' | 'message'>;

/** Applies the records of one journal: what cannot be applied goes to the dead letters, alone, and the rest goes on. */
export class Applier {
  readonly #projection: Projection;
  readonly #source: Source;
  readonly #onSetAside: (letter: SetAside) => void;
  /** Records of kinds that are known, set aside one behind the other. */
  #inARow = 0;

  constructor(projection: Projection, source: Source, onSetAside: (letter: SetAside) => void) {
    this.#projection = projection;
    this.#source = source;
    this.#onSetAside = onSetAside;
  }

  /**
   * Returns when all entries are in the database, as what they say or as dead letters.
   *
   * @throws DatabaseAway: some of them are; LedgerError 'ledger-dead-letters' when too many in a row are set aside
   */
  async apply(entries: readonly JournalEntry[]): Promise<void> {
    const parts = [entries];
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      const strange = part.findIndex(({ record }) => record.type === 'Unknown');
      if (strange < 0) {
        parts.push(...(await this.#part(part)));
        continue;
      }
      const [entry] = part.slice(strange);
      if (strange > 0) parts.push(part.slice(strange), part.slice(0, strange));
      else if (entry !== undefined) {
        await this.#setAsideUnread(entry);
        if (part.length > 1) parts.push(part.slice(1));
      }
    }
  }

  /** Returns what is left to do, the first part last. */
  async #part(entries: readonly JournalEntry[]): Promise<readonly (readonly JournalEntry[])[]> {
    try {
      await this.#projection.apply(entries, this.#source);
      this.#inARow = 0;
      return [];
    } catch (error) {
      if (error instanceof DatabaseAway || error instanceof LedgerError) throw error;
      const [only] = entries;
      if (entries.length === 1 && only !== undefined) {
        await this.#setAside(only, faultOf(error));
        return [];
      }
      return this.#split(entries, error);
    }
  }

  #split(entries: readonly JournalEntry[], error: unknown): readonly (readonly JournalEntry[])[] {
    if (!(error instanceof RecordFault)) {
      // It does not say which record: halves find it.
      const half = entries.length >> 1;
      return [entries.slice(half), entries.slice(0, half)];
    }
    const at = entries.findIndex(({ position }) => position === error.position);
    if (at < 0) throw new Error(`record ${error.position} failed, which is not of the batch`, { cause: error });
    if (at > 0) this.#inARow = 0;
    return [entries.slice(at + 1), entries.slice(at, at + 1)].filter(({ length }) => length > 0);
  }

  async #setAsideUnread(entry: JournalEntry): Promise<void> {
    const { record } = entry;
    if (record.type !== 'Unknown') return;
    const { code, version } = record;
    await this.#dead(
      entry,
      isMalformed(record)
        ? { code: 'malformed-record', message: `a record of kind ${code} does not hold what its kind says` }
        : { code: 'unknown-record', message: `kind ${code}, version ${version} is not known to this program` },
    );
  }

  async #setAside(entry: JournalEntry, fault: Fault): Promise<void> {
    this.#inARow += 1;
    const most = LEDGER_LIMITS.deadLettersInARow;
    if (this.#inARow > most) {
      const reason = `more than ${most} records in a row cannot be applied, the last because: ${fault.message}`;
      throw new LedgerError('ledger-dead-letters', reason, { position: entry.position, code: fault.code });
    }
    await this.#dead(entry, fault);
  }

  async #dead(entry: JournalEntry, { code, message }: Fault): Promise<void> {
    await this.#projection.applyDead(entry, { code, message }, this.#source);
    this.#onSetAside({ source: this.#source, position: entry.position, code, reason: message });
  }
}

function faultOf(error: unknown): Fault {
  if (error instanceof RecordFault) return error;
  return { code: 'refused-by-database', message: String(error) };
}
