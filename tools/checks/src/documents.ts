// docs/ERRORS.md and docs/LIMITS.md are rendered from the packages' own tables, so that they cannot fall behind:
// node tools/checks/src/documents.ts writes them, a test holds them to what it would write.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Member, membersOf, root, shortName, sourcesOf } from './workspace.ts';

type Table = Readonly<Record<string, string>>;
/** One package's codes: the table's name, what its docstring says, and code -> sentence. */
export interface ErrorTable {
  readonly member: Member;
  readonly name: string;
  readonly summary: string;
  readonly codes: Table;
}
/** One named limit and its default. */
export interface LimitRow {
  readonly member: Member;
  readonly name: string;
  readonly value: string;
  readonly meaning: string;
}

const published = membersOf('packages', 'apps').filter((member) => shortName(member) !== 'sv2kit');
/** What a package exports, by name and in the order of names. */
async function exportsOf(member: Member): Promise<readonly (readonly [string, unknown])[]> {
  const module = (await import(pathToFileURL(join(root, member.path, 'src/index.ts')).href)) as Record<string, unknown>;
  return Object.keys(module)
    .sort()
    .map((name) => [name, module[name]] as const);
}

const sources = (member: Member): string =>
  sourcesOf(member)
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');

/** A docstring as one line of prose. */
const prose = (comment: string): string =>
  comment
    .replace(/^\s*\/?\*+\/?/gm, '')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .replace(/\s+/g, ' ')
    .replace(/\|/g, '\\|')
    .trim();

/** The docstring in front of `declaration` (a regular expression) in a package's sources. */
function docOf(code: string, declaration: string): string {
  const match = code.match(new RegExp(String.raw`/\*\*((?:(?!\*/)[\s\S])*)\*/\s*${declaration}`));
  return match?.[1] === undefined ? '' : prose(match[1]);
}

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && Object.values(value).every((entry) => typeof entry === 'string');

/** Every table of codes that a package exports: names that end in _ERRORS, _REASONS, _REFUSALS or _VIOLATIONS. */
export async function errorTables(): Promise<readonly ErrorTable[]> {
  const tables: ErrorTable[] = [];
  for (const member of published) {
    const code = sources(member);
    for (const [name, value] of await exportsOf(member)) {
      if (!/(^|_)(ERRORS|REASONS|REFUSALS|VIOLATIONS)$/.test(name) || !isTable(value)) continue;
      tables.push({ member, name, summary: docOf(code, `export const ${name}\\b`), codes: value });
    }
  }
  return tables;
}

const show = (value: unknown): string => {
  if (typeof value === 'number' && Number.isFinite(value))
    return value.toLocaleString('en-US', { maximumFractionDigits: 6 });
  if (Array.isArray(value)) return value.map(String).join(', ');
  return String(value);
};

/** Every named limit that a package exports: numbers named MAX_… or DEFAULT_… or …_MS, and objects named …LIMITS. */
export async function limitRows(): Promise<readonly LimitRow[]> {
  const rows: LimitRow[] = [];
  for (const member of published) {
    const code = sources(member);
    for (const [name, value] of await exportsOf(member)) {
      if (
        typeof value === 'number' &&
        /^(MAX|DEFAULT|MIN)_|_(MS|LIMIT|ALLOWANCE|BYTES)$|^(FUTURE|CLIENT)_/.test(name)
      ) {
        rows.push({ member, name, value: show(value), meaning: docOf(code, `export const ${name}\\b`) });
      }
      if (!name.endsWith('LIMITS') || typeof value !== 'object' || value === null) continue;
      for (const [key, entry] of Object.entries(value)) {
        if (typeof entry === 'object' && !Array.isArray(entry)) continue;
        rows.push({
          member,
          name: `${name}.${key}`,
          value: show(entry),
          meaning: docOf(code, `(?:readonly )?${key}\\??:`),
        });
      }
    }
  }
  return rows;
}

export async function renderErrors(): Promise<string> {
  const parts = [
    '# Errors\n\nEvery code that a peer may be sent, or that a log, a counter or an exception names. Codes are stable; match on them, not on text.',
    'Rendered from the packages by `node tools/checks/src/documents.ts`; a test holds this page to them.',
  ];
  for (const table of await errorTables()) {
    const rows = Object.entries(table.codes).map(
      ([code, sentence]) => `| \`${code}\` | ${sentence.replace(/\|/g, '\\|')} |`,
    );
    parts.push(
      `## ${shortName(table.member)}: ${table.name}\n\n${table.summary}\n\n| code | when |\n|---|---|\n${rows.join('\n')}`,
    );
  }
  return `${parts.join('\n\n')}\n`;
}

export async function renderLimits(): Promise<string> {
  const parts = [
    '# Limits\n\nEvery bound that a peer, a node or an operator can meet, with its default. Times end in `Ms`, sizes are bytes, unless the meaning says otherwise.',
    "Those that a role's configuration can change are in its `example.toml`. Rendered from the packages by `node tools/checks/src/documents.ts`; a test holds this page to them.",
  ];
  const rows = await limitRows();
  for (const member of new Set(rows.map((row) => row.member))) {
    const lines = rows
      .filter((row) => row.member === member)
      .map((row) => `| \`${row.name}\` | ${row.value} | ${row.meaning} |`);
    parts.push(`## ${shortName(member)}\n\n| limit | default | meaning |\n|---|---|---|\n${lines.join('\n')}`);
  }
  return `${parts.join('\n\n')}\n`;
}

if (import.meta.main) {
  writeFileSync(join(root, 'docs/ERRORS.md'), await renderErrors());
  writeFileSync(join(root, 'docs/LIMITS.md'), await renderLimits());
  console.log('wrote docs/ERRORS.md and docs/LIMITS.md');
}
