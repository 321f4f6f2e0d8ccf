import { nearest } from '../nearest.ts';
import type { EnvironmentNode, EnvironmentTable } from './environment.ts';
import { type Field, type Fields, type Section, type Sections, type Value, WrongValue } from './field.ts';
import { tomlKey } from './names.ts';
import type { Problem } from './problem.ts';
import { showRaw, toml } from './toml.ts';

/** Where the values of one table come from, and where problems go. */
export interface Reading {
  /** Name of the file for messages; undefined when there is none. */
  readonly file: string | undefined;
  /** Folder that paths in the file start from. */
  readonly fileFolder: string;
  /** Folder that paths in the environment start from. */
  readonly workingFolder: string;
  readonly problems: Problem[];
}

type Table = Readonly<Record<string, unknown>>;

/** Reads one table of declared fields from TOML with the environment laid over it. */
export function readTable(
  fields: Fields,
  raw: unknown,
  over: EnvironmentTable | undefined,
  prefix: string,
  reading: Reading,
): Record<string, unknown> {
  const table = raw === undefined ? {} : raw;
  if (!isTable(table)) {
    // `nodes[0]` is one of a list of tables.
    const example = prefix.endsWith(']') ? `[[${prefix.slice(0, prefix.lastIndexOf('['))}]]` : `[${prefix}]`;
    reading.problems.push({
      source: reading.file ?? '',
      key: prefix,
      wrong: `${showRaw(raw)} is not a table`,
      example,
    });
    return {};
  }
  refuseUnknown(fields, table, over, prefix, reading);
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const key = tomlKey(name);
    values[name] = readField(field, table[key], over?.entries.get(key), join(prefix, key), reading);
  }
  return values;
}

function readField(field: Field, raw: unknown, over: EnvironmentNode | undefined, key: string, reading: Reading) {
  switch (field.kind) {
    case 'value':
      return readValue(field, raw, over, key, reading);
    case 'section':
      return readSection(field, raw, over, key, reading);
    case 'sections':
      return readSections(field, raw, over, key, reading);
    default:
      return field satisfies never;
  }
}

function readValue(field: Value<unknown>, raw: unknown, over: EnvironmentNode | undefined, key: string, at: Reading) {
  const line = exampleLine(field, key);
  const example = line === undefined ? {} : { example: line };
  if (over !== undefined && 'entries' in over) {
    at.problems.push({ source: over.variable, key, wrong: 'is one value, not a table', ...example });
    return undefined;
  }
  // A variable that is empty, as a compose file's ${NAME:-} is, leaves a key out that may be left out.
  const given = over?.text === '' && field.presence === 'optional' ? undefined : (over?.text ?? raw);
  if (given === undefined && field.presence === 'required') {
    at.problems.push({ source: at.file ?? '', key, wrong: 'is missing', ...example });
    return undefined;
  }
  if (given === undefined && field.presence === 'optional') return undefined;
  const fromText = over !== undefined;
  try {
    return field.read(given ?? field.sample, {
      form: fromText ? 'text' : 'toml',
      folder: fromText ? at.workingFolder : at.fileFolder,
    });
  } catch (error) {
    if (!(error instanceof WrongValue)) throw error;
    const shown = field.confidential || error.whole ? 'the value' : showRaw(given);
    at.problems.push({ source: over?.variable ?? at.file ?? '', key, wrong: `${shown} ${error.message}`, ...example });
    return undefined;
  }
}

function readSection(
  field: Section<Fields>,
  raw: unknown,
  over: EnvironmentNode | undefined,
  key: string,
  reading: Reading,
) {
  return readTable(field.fields, raw, asTable(over, key, reading), key, reading);
}

function readSections(
  field: Sections<Fields>,
  raw: unknown,
  over: EnvironmentNode | undefined,
  key: string,
  reading: Reading,
) {
  const source = reading.file ?? '';
  const given: unknown = raw ?? [];
  if (!Array.isArray(given)) {
    reading.problems.push({ source, key, wrong: 'is a list of tables', example: `[[${key}]]` });
    return [];
  }
  if (over !== undefined && 'text' in over && over.text === '') return noTables(field, over.variable, key, reading);
  const overlay = asTable(over, key, reading);
  const count = countTables(field, given.length, overlay, key, reading);
  if (count < field.atLeast) {
    reading.problems.push({ source, key, wrong: `needs at least ${field.atLeast}`, example: `[[${key}]]` });
  }
  return Array.from({ length: count }, (_, index) => {
    const name = `${key}[${index}]`;
    return readTable(
      field.fields,
      given[index],
      asTable(overlay?.entries.get(`${index}`), name, reading),
      name,
      reading,
    );
  });
}

/** An empty variable for the whole list takes out the tables of the file. */
function noTables(field: Sections<Fields>, source: string, key: string, reading: Reading): readonly [] {
  if (field.atLeast > 0) reading.problems.push({ source, key, wrong: `needs at least ${field.atLeast}` });
  return [];
}

/** The environment may lay values over the tables of the file and add others behind them, without a gap. */
function countTables(
  field: Sections<Fields>,
  inFile: number,
  overlay: EnvironmentTable | undefined,
  key: string,
  reading: Reading,
): number {
  let count = inFile;
  for (const [index, { variable }] of [...(overlay?.entries ?? [])].toSorted(([a], [b]) => Number(a) - Number(b))) {
    const isNumber = /^(?:0|[1-9]\d*)$/.test(index);
    if (isNumber && Number(index) <= count) {
      count = Math.max(count, Number(index) + 1);
      continue;
    }
    const wrong = `"${index}" ${isNumber ? `leaves out table ${count}` : 'is no number of a table'}`;
    const path = key
      .toUpperCase()
      .replaceAll('.', '__')
      .replaceAll(/\[(\d+)\]/g, '__$1');
    const list = variable.slice(0, variable.toUpperCase().indexOf(path) + path.length);
    reading.problems.push({ source: variable, key, wrong, example: `${list}__${count}__${textLine(field.fields)}` });
  }
  return count;
}

/** A right value of the first of these keys, as the environment would give it. */
function textLine(fields: Fields): string {
  const [name, field] = Object.entries(fields).find(([, { kind }]) => kind === 'value') ?? [];
  return field?.kind === 'value' && name !== undefined ? `${tomlKey(name).toUpperCase()}=${field.sample}` : 'KEY=value';
}

function asTable(over: EnvironmentNode | undefined, key: string, reading: Reading): EnvironmentTable | undefined {
  if (over === undefined || 'entries' in over) return over;
  reading.problems.push({ source: over.variable, key, wrong: `is a table; name a key in it: ${over.variable}__KEY` });
  return undefined;
}

function refuseUnknown(
  fields: Fields,
  table: Table,
  over: EnvironmentTable | undefined,
  prefix: string,
  at: Reading,
): void {
  const known = new Set(Object.keys(fields).map(tomlKey));
  const refuse = (source: string, key: string): void => {
    const meant = nearest(key, known);
    const hint = meant === undefined ? `; known here: ${[...known].join(', ')}` : `; did you mean ${meant}?`;
    at.problems.push({ source, key: join(prefix, key), wrong: `is not a known key${hint}` });
  };
  for (const key of Object.keys(table)) if (!known.has(key)) refuse(at.file ?? '', key);
  for (const [key, node] of over?.entries ?? []) if (!known.has(key)) refuse(node.variable, key);
}

/** An empty list shows nobody how to write one. */
function exampleLine(field: Value<unknown>, key: string): string | undefined {
  if (Array.isArray(field.sample) && field.sample.length === 0) return undefined;
  return `${key.slice(key.lastIndexOf('.') + 1)} = ${toml(field.sample)}`;
}

function join(prefix: string, key: string): string {
  return prefix === '' ? key : `${prefix}.${key}`;
}

function isTable(raw: unknown): raw is Table {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw) && !(raw instanceof Date);
}
