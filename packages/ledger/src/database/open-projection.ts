import type { Projection, ProjectionOptions } from './projection.ts';

/**
 * Opens the database, takes it for this process alone, and brings its tables up to date.
 *
 * @throws DatabaseAway; LedgerError 'ledger-locked' when another pool projects into it, 'ledger-version' when a newer
 * program made its tables
 */
export async function openProjection(_options: ProjectionOptions): Promise<Projection> {
  throw new Error('not there yet');
}
