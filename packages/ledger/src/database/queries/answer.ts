import type { Reader } from '../database.ts';
import type { LedgerQueries, QueryArguments, QueryResult } from './types.ts';

export async function answer<K extends keyof LedgerQueries>(
  _reader: Reader,
  name: K,
  _args: QueryArguments<K>,
): Promise<QueryResult<K>> {
  throw new Error(`${name} is not there yet`);
}
