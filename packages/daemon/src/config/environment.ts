import { environmentPrefix } from './names.ts';

/** The environment's part of a configuration: text leaves, tables by `__`, tables in a list by their number. */
export interface EnvironmentTable {
  readonly variable: string;
  readonly entries: Map<string, EnvironmentNode>;
}
export interface EnvironmentText {
  readonly variable: string;
  readonly text: string;
}
export type EnvironmentNode = EnvironmentTable | EnvironmentText;

/**
 * Gathers `SV2KIT_POOL__LOG__LEVEL=debug` into `{ log: { level: 'debug' } }`.
 * A variable that is both a value and a table (`A` and `A__B`) is read as the table.
 */
export function readEnvironment(name: string, environment: NodeJS.ProcessEnv): EnvironmentTable {
  const prefix = environmentPrefix(name);
  const root: EnvironmentTable = { variable: prefix, entries: new Map() };
  for (const [variable, text] of Object.entries(environment).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (text === undefined || !variable.startsWith(prefix)) continue;
    const parts = variable.slice(prefix.length).toLowerCase().split('__');
    let table = root;
    for (const part of parts.slice(0, -1)) {
      const next = table.entries.get(part);
      const child = next !== undefined && 'entries' in next ? next : { variable, entries: new Map() };
      table.entries.set(part, child);
      table = child;
    }
    table.entries.set(parts.at(-1) ?? '', { variable, text });
  }
  return root;
}
