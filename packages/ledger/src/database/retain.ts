import type { Retention } from '../ledger-options.ts';
import type { Database } from './database.ts';
import type { Retained } from './projection.ts';

export async function retain(_database: Database, _retention: Retention, _nowMs: number): Promise<Retained> {
  return { shares: 0, slices: 0 };
}
