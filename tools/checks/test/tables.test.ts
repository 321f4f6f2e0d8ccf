import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { errorTables, limitRows, membersOf, renderErrors, renderLimits, root, sourcesOf } from '../src/index.ts';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const tables = await errorTables();
const limits = await limitRows();
const everySource = membersOf('packages', 'apps').flatMap(sourcesOf).map(read).join('\n');

test('docs/ERRORS.md is what the packages say (node tools/checks/src/documents.ts writes it)', async () => {
  expect(read('docs/ERRORS.md')).toBe(await renderErrors());
});

test('docs/LIMITS.md is what the packages say (node tools/checks/src/documents.ts writes it)', async () => {
  expect(read('docs/LIMITS.md')).toBe(await renderLimits());
});

describe.each(tables.map((table) => [`${table.member.path} ${table.name}`, table] as const))('%s', (_, table) => {
  test('has a summary, and a sentence for each code', () => {
    expect(table.summary).not.toBe('');
    for (const sentence of Object.values(table.codes)) expect(sentence).toMatch(/[.)]$/);
  });

  test('every code is used beyond its table', () => {
    const uses = (code: string) =>
      everySource.match(new RegExp(`['"\`]${code}['"\`]|^\\s+${code}: '`, 'gm'))?.length ?? 0;
    const unused = Object.keys(table.codes).filter((code) => uses(code) < 2);
    expect(unused).toEqual([]);
  });
});

test('every limit says what it means', () => {
  expect(limits.filter((row) => row.meaning === '').map((row) => `${row.member.path} ${row.name}`)).toEqual([]);
});
