import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { protocols } from '@sv2kit/codec';
import { describe, expect, test } from 'vitest';
import { membersOf, root } from '../src/index.ts';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** The numbered sections of the pinned spec (docs/SPEC.md), by chapter: how far each level counts. */
const SECTIONS = [
  ['0', '1', '2'],
  [
    '3.1',
    '3.2',
    '3.2.1',
    '3.3',
    '3.4',
    '3.4.1',
    '3.4.2',
    '3.4.3',
    '3.5',
    '3.6',
    ...count('3.6', 5),
    '3.7',
    ...count('3.7', 4),
  ],
  [
    '4.1',
    '4.2',
    '4.3',
    ...count('4.3', 3),
    '4.3.1.1',
    '4.4',
    ...count('4.4', 2),
    '4.5',
    ...count('4.5', 3),
    '4.6',
    '4.7',
    '4.7.1',
  ],
  ['5.1', ...count('5.1', 4), '5.1.2.1', '5.2', ...count('5.2', 3), '5.3', ...count('5.3', 22)],
  ['6', ...count('6', 4), ...count('6.3', 3), ...count('6.4', 9)],
  ['7', ...count('7', 7), '8', '9'],
  [
    '10.1',
    '10.2',
    '10.2.1',
    '10.3',
    ...count('10.4', 5),
    '10.5',
    '10.6',
    '10.7',
    'extension 0x0001',
    'extension 0x0002',
  ],
].flat();

function count(section: string, upTo: number): string[] {
  return Array.from({ length: upTo }, (_, i) => `${section}.${i + 1}`);
}

/** Dotted numbers as something that sorts. */
const ordinal = (section: string): number =>
  section.split('.').reduce((sum, part, i) => sum + Number(part) / 100 ** i, 0);

/** Whether a first column such as `3.6.1 - 3.6.3, 3.7` names the section. */
function names(column: string, section: string): boolean {
  return column.split(',').some((entry) => {
    const [first = '', last] = entry.trim().split(' - ');
    return last === undefined
      ? first === section
      : ordinal(first) <= ordinal(section) && ordinal(section) <= ordinal(last);
  });
}

describe('docs/SPEC.md', () => {
  const columns = [...read('docs/SPEC.md').matchAll(/^\| ([^|]+) \|/gm)].map((match) => match[1] ?? '');
  test.each(SECTIONS)('says which file implements %s', (section) => {
    expect(columns.some((column) => names(column, section))).toBe(true);
  });
});

test('every message type of §8 is declared by exactly one protocol side or shared by both directions', () => {
  const rows = protocols.flatMap((p) => [...p.fromClient.definitions, ...p.fromServer.definitions]);
  const numbers = new Set(rows.filter((d) => d.extensionType === 0).map((d) => d.messageType));
  const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const reserved = 0x1e;
  const expected = [range(0, 4), range(0x10, 0x25), [0x50, 0x51], range(0x55, 0x59), [0x60], range(0x70, 0x76)].flat();
  expect([...numbers].sort((a, b) => a - b)).toEqual(expected.filter((number) => number !== reserved));
});

describe.each(membersOf('apps').filter(({ path }) => existsSync(join(root, path, 'example.toml'))))(
  '$path',
  ({ path }) => {
    test('its example.toml is what its declaration renders', () => {
      const main = join(root, path, 'src/main.ts');
      const { stdout, status } = spawnSync(process.execPath, [main, '--example'], { encoding: 'utf8' });
      expect({ status, stdout }).toEqual({ status: 0, stdout: read(join(path, 'example.toml')) });
    });
  },
);
