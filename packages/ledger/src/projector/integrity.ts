import { fingerprintOf } from '../database/fingerprint.ts';
import type { ProjectedPosition, Source } from '../database/projection.ts';
import { LedgerError } from '../errors.ts';
import type { JournalEntry } from '../read-journal.ts';
import type { JournalTail } from './journal-tail.ts';

/** What to compare: a database and the journal that it shall be of. */
interface Resumption {
  readonly source: Source;
  readonly tail: JournalTail;
  readonly projected: ProjectedPosition;
  /** Everything in the journal up to this record is on disk. */
  readonly upTo: number;
  /** An empty database may begin with the oldest record that is left. */
  readonly partial: boolean;
}

/**
 * Brings a tail to what is not projected yet, and checks that the database is of this journal: the record projected
 * last is the same in both.
 *
 * @returns entries that were read on the way; the first ones may be projected already
 * @throws LedgerError 'ledger-ahead', 'ledger-other-journal', 'ledger-partial' or 'ledger-corrupted'
 */
export function resume({ source, tail, projected, upTo, partial }: Resumption): readonly JournalEntry[] {
  const { position, fingerprint } = projected;
  if (position > upTo) throw ahead(source, position, upTo);
  tail.seek(Math.max(position, 1), upTo);
  const oldest = tail.next;
  if (position === 0) {
    if (oldest > 1 && !partial) throw beginsLate(source, oldest);
    return [];
  }
  if (oldest > position + 1) {
    const message = `the database ends with record ${position} of the ${source}, whose oldest file begins with ${oldest}`;
    throw new LedgerError('ledger-corrupted', message, { source, position, oldest });
  }
  const entries = tail.read(upTo);
  // The file with the record was moved away after it was projected: there is nothing to compare.
  if (oldest === position + 1) return entries;
  const [last] = entries;
  if (last === undefined) throw ahead(source, position, tail.next - 1);
  if (fingerprintOf(last) !== fingerprint) {
    const message = `record ${position} of the ${source} is not the one that the database was projected from`;
    throw new LedgerError('ledger-other-journal', message, { source, position });
  }
  return entries;
}

function beginsLate(source: Source, oldest: number): LedgerError {
  const message = `the database is empty, and the oldest file of the ${source} begins with record ${oldest}`;
  return new LedgerError('ledger-partial', message, { source, oldest });
}

function ahead(source: Source, position: number, end: number): LedgerError {
  const message = `the database holds the ${source} up to record ${position}, but it ends with record ${end}`;
  return new LedgerError('ledger-ahead', message, { source, position, end });
}
