import type { JournalEntry } from '../../read-journal.ts';
import { RecordFault } from '../faults.ts';
import type { Source } from '../projection.ts';
import { MOST_DIFFICULTY } from './fold.ts';

/** Why a record can never be applied, as far as that shows without the database. */
export function faultOf({ position, record }: JournalEntry, source: Source): RecordFault | undefined {
  if (record.type === 'Unknown') {
    return new RecordFault('unknown-record', position, `kind ${record.code}, version ${record.version} is not known`);
  }
  if (source === 'payments' && record.type !== 'PayoutPaid' && record.type !== 'Start') {
    return new RecordFault('misplaced-record', position, `there are payments alone in this journal, no ${record.type}`);
  }
  if (record.type !== 'ShareAccepted' && record.type !== 'CustomJobAccepted') return undefined;
  const { difficulty } = record;
  const credit = record.type === 'CustomJobAccepted' ? record.credit : 0;
  // Written so that NaN is a fault too.
  if (difficulty >= 0 && difficulty <= MOST_DIFFICULTY && credit >= 0 && credit <= 1) return undefined;
  return new RecordFault('impossible-difficulty', position, `difficulty ${difficulty}, credit ${credit}`);
}
