import { Reports } from '@sv2kit/ledger';
import { existsSync } from 'node:fs';
import { CommandError } from '../command.ts';
import type { Place } from './place.ts';

/**
 * The database of a ledger, for questions.
 *
 * @throws CommandError when there is none
 */
export function openReports({ database, dataDir }: Place): Reports {
  if (database.kind === 'none') throw new CommandError('there is no database: the configuration says so');
  if (!hasDatabase({ database, dataDir })) {
    throw new CommandError(`${dataDir} has no database: 'sv2kit ledger rebuild' makes it from the journal`);
  }
  return new Reports(database);
}

/** Whether there is one to ask. */
export function hasDatabase({ database }: Place): boolean {
  return database.kind === 'postgres' || (database.kind === 'sqlite' && existsSync(database.file));
}
