import { type EnvironmentNode, type EnvironmentTable, readEnvironment } from './environment.ts';
import type { Field, Fields, Presence, Sections, Value } from './field.ts';
import { environmentPrefix, tomlKey } from './names.ts';
import { toml } from './toml.ts';
import { tomlLines } from './toml-lines.ts';

/** Where the value in force comes from. */
export type ValueSource =
  | { readonly kind: 'default' }
  | { readonly kind: 'environment'; readonly variable: string }
  /** Counted from 1; left out where the line is not to be told, as in an inline table. */
  | { readonly kind: 'file'; readonly line?: number };

/** One key of a configuration, as it is told to people. */
export interface ExplainedKey {
  /** As TOML has it: `payout.mode`, and of lists `nodes[].url`, or `nodes[0].url` of a configuration at hand. */
  readonly key: string;
  /** The environment variable that gives it. */
  readonly variable: string;
  readonly help: string;
  readonly type: string;
  readonly presence: Presence;
  /** The default, or an example where there is none; as TOML writes it. */
  readonly sample: string;
  /** Whether a running service takes another value up at SIGHUP. */
  readonly reloadable: boolean;
  /** What a configuration at hand says, as TOML writes it; a secret is not told. */
  readonly value?: string;
  readonly from?: ValueSource;
}

/** A configuration at hand: TOML as it was parsed, its text, and the environment. */
export interface GivenConfig {
  readonly table: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly environment: NodeJS.ProcessEnv;
}

interface Walk {
  readonly key: string;
  readonly variable: string;
  readonly reloadable: boolean;
  /** Undefined where no configuration is at hand. */
  readonly given: { readonly raw: unknown; readonly over: EnvironmentNode | undefined } | undefined;
}

/** Every key of a configuration, in the order of its declaration. */
export function explainKeys(name: string, fields: Fields, given?: GivenConfig): readonly ExplainedKey[] {
  const lines = given === undefined ? new Map<string, number>() : tomlLines(given.text);
  const over = given === undefined ? undefined : readEnvironment(name, given.environment);
  const start = { key: '', variable: environmentPrefix(name).slice(0, -2), reloadable: false };
  return [...explainTable(fields, { ...start, given: given && { raw: given.table, over } }, lines)];
}

function* explainTable(fields: Fields, at: Walk, lines: ReadonlyMap<string, number>): Generator<ExplainedKey> {
  for (const [name, field] of Object.entries(fields)) {
    const own = tomlKey(name);
    yield* explainField(field, below(at, own, at.key === '' ? own : `${at.key}.${own}`, field), lines);
  }
}

function* explainField(field: Field, at: Walk, lines: ReadonlyMap<string, number>): Generator<ExplainedKey> {
  switch (field.kind) {
    case 'value':
      yield explainValue(field, at, lines);
      return;
    case 'section':
      yield* explainTable(field.fields, at, lines);
      return;
    case 'sections':
      yield* explainTables(field, at, lines);
      return;
    default:
      field satisfies never;
  }
}

function* explainTables(
  field: Sections<Fields>,
  at: Walk,
  lines: ReadonlyMap<string, number>,
): Generator<ExplainedKey> {
  const count = tablesOf(at);
  if (count === 0) {
    const one = { ...at, key: `${at.key}[]`, variable: `${at.variable}__0`, given: undefined };
    yield* explainTable(field.fields, one, lines);
  }
  for (let index = 0; index < count; index++) {
    yield* explainTable(field.fields, below(at, `${index}`, `${at.key}[${index}]`, field), lines);
  }
}

function tablesOf({ given }: Walk): number {
  if (given === undefined || (given.over !== undefined && 'text' in given.over)) return 0;
  const inFile = Array.isArray(given.raw) ? given.raw.length : 0;
  const added = [...entriesOf(given.over).keys()].map((index) => Number(index) + 1).filter(Number.isSafeInteger);
  return Math.max(inFile, ...added);
}

function below({ variable, reloadable, given }: Walk, own: string, key: string, field: Field): Walk {
  return {
    key,
    variable: `${variable}__${own.toUpperCase()}`,
    reloadable: reloadable || field.reloadable === true,
    given: given && {
      raw: (given.raw as Readonly<Record<string, unknown>> | undefined)?.[own],
      over: entriesOf(given.over).get(own),
    },
  };
}

function entriesOf(node: EnvironmentNode | undefined): EnvironmentTable['entries'] {
  return node !== undefined && 'entries' in node ? node.entries : new Map();
}

function explainValue(field: Value<unknown>, at: Walk, lines: ReadonlyMap<string, number>): ExplainedKey {
  const { key, variable, reloadable, given } = at;
  const { help, type, presence } = field;
  const sample = toml(field.sample);
  const about = { key, variable, help, type, presence, sample, reloadable };
  if (given === undefined) return about;
  const { over, raw } = given;
  if (over !== undefined && 'text' in over && !(over.text === '' && presence === 'optional')) {
    return { ...about, value: masked(field, over.text), from: { kind: 'environment', variable: over.variable } };
  }
  if (over === undefined && raw !== undefined) {
    const line = lineOf(key, lines);
    return { ...about, value: masked(field, raw), from: { kind: 'file', ...(line === undefined ? {} : { line }) } };
  }
  return presence === 'default' ? { ...about, value: masked(field, field.sample), from: { kind: 'default' } } : about;
}

/** Its own, or that of the table that it stands in. */
function lineOf(key: string, lines: ReadonlyMap<string, number>): number | undefined {
  return lines.get(key) ?? (key.includes('.') ? lines.get(key.slice(0, key.lastIndexOf('.'))) : undefined);
}

/** As TOML writes it, without what is secret: where a secret is kept is none. */
function masked({ confidential }: Value<unknown>, raw: unknown): string {
  if (confidential) return typeof raw === 'string' && raw.startsWith('file:') ? toml(raw) : '"[redacted]"';
  return toml(raw).replaceAll(/(:\/\/)[^/@\s"]*@/g, '$1[redacted]@');
}
