import type { ExportOptions } from '@sv2kit/ledger';
import { CommandError } from '../command.ts';
import type { Place } from './place.ts';

/** The database of a ledger, for questions: beside a role that runs, and without changing anything. */
export interface Reports extends AsyncDisposable {
  readonly snapshot: ExportOptions['snapshot'];
}

/** @throws CommandError when there is none */
export async function openReports(place: Place): Promise<Reports> {
  throw new CommandError(`${place.dataDir} has no database: 'sv2kit ledger rebuild' makes it from the journal`);
}
