import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exportCsv, openJournal, type ShareAccepted } from '../../src/index.ts';
import { csvLine } from '../../src/keeping/csv.ts';
import { share, silent, temporaryDirectory } from '../builders.ts';
import { channel } from './scene.ts';

test.each([
  ['plain text', 'alice', 'alice'],
  ['a comma', 'a,b', '"a,b"'],
  ['a quotation mark', 'a"b', '"a""b"'],
  ['a line break', 'a\r\nb', '"a\r\nb"'],
  ['a formula', '=HYPERLINK("http://x")', '"\'=HYPERLINK(""http://x"")"'],
  ['a sum', '+1', "'+1"],
  ['a difference', '-1', "'-1"],
  ['a function', '@SUM(A1)', "'@SUM(A1)"],
  ['a tab', '\t=1', "'\t=1"],
  ['a wide equals sign', '＝1', "'＝1"],
  ['what looks as if it were guarded', "'=1", "''=1"],
  ['a negative number of ours', -1, '-1'],
  ['a time', new Date(1_800_000_000_000), '2027-01-15T08:00:00.000Z'],
  ['nothing', undefined, ''],
])('%s is one cell (RFC 4180)', (_what, cell, line) => {
  expect(csvLine([cell])).toBe(`${line}\r\n`);
});

test('whatever the cells hold, they are read back, and none begins a formula', () => {
  const cells = fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(cells, { minLength: 1, maxLength: 4 }), (rows) => {
      const read = parseCsv(rows.map(csvLine).join(''));
      for (const cell of read.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r\n]/);
      expect(read.map((row) => row.map((cell) => cell.replace(/^'/, '')))).toEqual(rows);
    }),
  );
});

test('shares are exported with their channel, run by run, within the time that is asked for', async () => {
  const dataDir = temporaryDirectory();
  const directory = join(dataDir, 'journal');
  const start = (share(0) as ShareAccepted).timeMs;
  for (const user of ['=alice', 'bob']) {
    await using journal = await openJournal({ directory, log: silent });
    journal.append(channel(7, user));
    for (let i = 0; i < 3; i += 1) journal.append(share(i));
    journal.append({ ...submitted, type: 'ShareRejected', timeMs: start + 1, code: 'stale-share' });
  }
  const parts: string[] = [];
  const count = await exportCsv({
    dataDir,
    table: 'shares',
    range: { sinceMs: start + 1, untilMs: start + 3 },
    snapshot: () => Promise.reject(new Error('not asked')),
    write: async (part) => void parts.push(part),
  });
  const [header = [], ...rows] = parseCsv(parts.join(''));
  const column = (name: string) => rows.map((row) => row[header.indexOf(name)]);
  expect(count).toBe(6);
  expect(column('user')).toEqual(["'=alice", "'=alice", "'=alice", 'bob', 'bob', 'bob']);
  expect(column('boot_epoch')).toEqual(['1', '1', '1', '2', '2', '2']);
  expect(column('sequence_number')).toEqual(['1', '2', '9', '1', '2', '9']);
  expect(column('outcome')).toEqual(['accepted', 'accepted', 'stale-share', 'accepted', 'accepted', 'stale-share']);
  expect(column('difficulty')).toEqual(['1024.5', '1024.5', '0', '1024.5', '1024.5', '0']);
  expect(column('position')).toEqual(['4', '5', '6', '10', '11', '12']);
});

const submitted = {
  channelKey: 7,
  sequenceNumber: 9,
  jobId: 3,
  nonce: 1,
  ntime: 2,
  version: 3,
  extranonce: new Uint8Array(4),
  userIdentity: undefined,
} as const;

/** As RFC 4180 has it, written for the test alone. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let [row, cell, quoted]: [string[], string, boolean] = [[], '', false];
  for (let i = 0; i < text.length; i += 1) {
    const at = text[i] ?? '';
    if (quoted && at === '"' && text[i + 1] === '"') cell += text[++i];
    else if (at === '"') quoted = !quoted;
    else if (quoted || (at !== ',' && !text.startsWith('\r\n', i))) cell += at;
    else {
      row.push(cell);
      cell = '';
      if (at === ',') continue;
      rows.push(row);
      row = [];
      i += 1;
    }
  }
  return rows;
}
