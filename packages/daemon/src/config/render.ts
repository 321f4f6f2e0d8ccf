import type { Config } from './config.ts';
import type { Field, Fields, Section, Sections, Value } from './field.ts';
import { environmentPrefix, tomlKey } from './names.ts';
import { toml } from './toml.ts';

const WIDTH = 100;

/**
 * The example TOML file of a configuration: every key with its help. Keys that may be left out are commented out
 * with their default (or an example where there is none); what must be given is not.
 */
export function exampleToml<T>(name: string, config: Config<T>): string {
  const intro = [
    ...comment(
      `Configuration of the sv2kit ${name}. Lines that begin with "#" and a key show its default or an example.`,
    ),
    ...comment(`Any key may also come from the environment: ${environmentPrefix(name)}KEY, tables joined by "__".`),
  ];
  return `${[...intro, '', ...renderTable(config.fields, [])].join('\n').trimEnd()}\n`;
}

function renderTable(fields: Fields, path: readonly string[], commentedOut = false): string[] {
  const entries = Object.entries(fields);
  const lines: string[] = [];
  for (const [name, field] of entries) {
    if (field.kind === 'value') lines.push(...renderValue(tomlKey(name), field, commentedOut), '');
  }
  for (const [name, field] of entries) {
    if (field.kind !== 'value') lines.push(...renderSection([...path, tomlKey(name)], field, commentedOut));
  }
  return lines;
}

function renderValue(key: string, field: Value<unknown>, commentedOut: boolean): string[] {
  const mark = commentedOut || field.presence !== 'required' ? '#' : '';
  return [...comment(describe(field)), `${mark}${key} = ${toml(field.sample)}`];
}

function renderSection(path: readonly string[], field: Section<Fields> | Sections<Fields>, outer: boolean): string[] {
  const many = field.kind === 'sections';
  const commentedOut = outer || (many && field.atLeast === 0);
  const header = many ? `[[${path.join('.')}]]` : `[${path.join('.')}]`;
  return [
    ...comment(field.help),
    `${commentedOut ? '#' : ''}${header}`,
    ...renderTable(field.fields, path, commentedOut),
  ];
}

function describe(field: Value<unknown>): string {
  const presence = { default: '', required: ' Must be given.', optional: ' May be left out.' }[field.presence];
  const type = field.type === 'text' || field.type === 'number' ? '' : ` (${field.type})`;
  return `${field.help}${type}${presence}`;
}

function comment(text: string): string[] {
  return wrap(text, WIDTH - 2).map((line) => `# ${line}`);
}

/** The keys of a configuration for `--help`: key, type, default, help. */
export function configHelp<T>(name: string, config: Config<T>): string {
  const lines = helpTable(config.fields, '', false);
  return [
    ...lines,
    '',
    '  Keys with * are taken up by a running service at SIGHUP (kill -HUP, systemctl reload); the others at its next start.',
    `  Each key also as an environment variable, e.g. ${environmentPrefix(name)}${firstKey(config.fields)}=…`,
  ].join('\n');
}

function firstKey(fields: Fields): string {
  const first = Object.entries(fields).find(([, field]) => field.kind === 'value');
  return first === undefined ? 'KEY' : tomlKey(first[0]).toUpperCase();
}

function helpTable(fields: Fields, prefix: string, isReloadable: boolean): string[] {
  return Object.entries(fields).flatMap(([name, field]) =>
    helpField(`${prefix}${tomlKey(name)}`, field, isReloadable || field.reloadable === true),
  );
}

function helpField(key: string, field: Field, isReloadable: boolean): string[] {
  if (field.kind === 'section') return helpTable(field.fields, `${key}.`, isReloadable);
  if (field.kind === 'sections') return helpTable(field.fields, `${key}[].`, isReloadable);
  const fallback = {
    default: `default ${toml(field.sample)}`,
    required: `required, e.g. ${toml(field.sample)}`,
    optional: `optional, e.g. ${toml(field.sample)}`,
  }[field.presence];
  const mark = isReloadable ? ' *' : '';
  return [
    `  ${key}${mark}  <${field.type}>  ${fallback}`,
    ...wrap(field.help, WIDTH - 6).map((line) => `      ${line}`),
  ];
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return line === '' ? lines : [...lines, line];
}
