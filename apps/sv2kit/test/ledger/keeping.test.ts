import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openJournal } from '@sv2kit/ledger';
import { beforeEach, describe, expect, test } from 'vitest';
import { call, temporaryDirectory } from '../scene.ts';

const silent = { info() {}, warn() {}, error() {} };

let dataDir: string;
let folder: string;
beforeEach(async () => {
  folder = temporaryDirectory();
  dataDir = join(folder, 'pool-data');
  await using journal = await openJournal({ directory: join(dataDir, 'journal'), log: silent });
  journal.append({ type: 'ChannelClosed', timeMs: 1_800_000_000_000, channelKey: 1, reason: 'end' });
});
const ledger = (...argv: readonly string[]) => call(['ledger', ...argv]);

describe('ledger backup', () => {
  test('copies, says what, and does not overwrite', async () => {
    const to = join(folder, 'monday');
    const { code, out, error } = await ledger('backup', '--data-dir', dataDir, to);
    expect([code, error]).toEqual([0, '']);
    expect(out).toContain('journal   records 1 to 2');
    expect(await ledger('backup', '--data-dir', dataDir, to)).toMatchObject({
      code: 1,
      error: `sv2kit ledger: ${to} is there already and is not overwritten\n`,
    });
  });

  test('says the same to programs', async () => {
    const to = join(folder, 'monday');
    const { out } = await ledger('backup', '--data-dir', dataDir, to, '--json');
    expect(JSON.parse(out)).toMatchObject({
      to,
      takenMs: Date.UTC(2026, 7, 20, 12),
      journals: [{ name: 'journal', firstPosition: 1, lastPosition: 2, bootEpoch: 1 }],
    });
  });
});

describe('ledger verify', () => {
  test('finds nothing wrong with a ledger and with its backup', async () => {
    const to = join(folder, 'monday');
    await ledger('backup', '--data-dir', dataDir, to);
    const [live, copy] = [await ledger('verify', '--data-dir', dataDir), await ledger('verify', '--data-dir', to)];
    expect([live.code, copy.code]).toEqual([0, 0]);
    expect(live.out).toMatch(
      /^ledger {4}.*\njournal {3}records 1 to 2, .*boot epoch 1\ndatabase {2}none\n\nAll is well\.\n$/,
    );
    expect(copy.out).toContain('taken     2026-08-20T12:00:00.000Z');
  });

  test('ends with 1 and says what it has found', async () => {
    writeFileSync(join(dataDir, 'journal', 'boot-epoch'), 'broken');
    const { code, out } = await ledger('verify', '--data-dir', dataDir);
    expect([code, out]).toEqual([1, expect.stringContaining('epoch-file')]);
    const found = await ledger('verify', '--data-dir', dataDir, '--json');
    expect(JSON.parse(found.out)).toMatchObject({ kind: 'ledger', findings: [{ code: 'epoch-file' }] });
  });
});

describe('ledger export', () => {
  test('writes to standard output, or a new file', async () => {
    const file = join(folder, 'shares.csv');
    const { out } = await ledger('export', '--data-dir', dataDir, '--csv', 'shares');
    expect(out).toMatch(/^position,time,.*\r\n$/);
    expect(await ledger('export', '--data-dir', dataDir, '--csv', 'shares', '-o', file)).toMatchObject({
      code: 0,
      out: '',
    });
    expect(readFileSync(file, 'utf8')).toBe(out);
    const again = await ledger('export', '--data-dir', dataDir, '--csv', 'shares', '-o', file);
    expect([again.code, again.error]).toEqual([1, `sv2kit ledger: ${file}: exists already and is not overwritten\n`]);
    expect(existsSync(`${file}.unfinished-${process.pid}`)).toBe(false);
  });
});

test.each([
  [[], 2, 'one of show, backup, verify'],
  [['bakcup'], 2, "did you mean 'backup'?"],
  [['backup', '/x'], 2, 'either --data-dir DIR or --config FILE is wanted'],
  [['backup', '--data-dir', '/no'], 2, 'the folder TO is missing'],
  [['verify', '--data-dir', '/no'], 1, '/no holds no ledger'],
  [['export', '--data-dir', '/no', '--csv', 'share'], 2, "did you mean 'shares'?"],
  [['export', '--data-dir', '/no', '--csv', 'shares', '--since', 'noon'], 2, '--since noon is not a time'],
])('ledger %j ends with %i', async (argv, code, message) => {
  const result = await ledger(...argv);
  expect([result.code, result.error]).toEqual([code, expect.stringContaining(message)]);
});

test.each([
  ['pool', '../../../pool/example.toml'],
  ['jd-server', '../../../jd-server/example.toml'],
  ['jd-client', '../../../jd-client/example.toml'],
  ['translator-to-v1', '../../../translator/example-to-v1.toml'],
  ['pool-with-jds', '../../examples/pool-with-jds.toml'],
  ['solo', '../../examples/solo.toml'],
])('the configuration of a %s says where its ledger is', async (role, example) => {
  const text = readFileSync(new URL(example, import.meta.url), 'utf8')
    .replaceAll(/^#(?=address = "bc1)/gm, '')
    .replace(
      /#(token_key_file = .*\n)(?![^]*token_key_file = )/,
      role.includes('-jds') || role === 'jd-server' ? '$1' : '#$1',
    )
    .replace(/^#?data_dir = .*$/m, `data_dir = ${JSON.stringify(dataDir)}`);
  const file = join(folder, 'role.toml');
  writeFileSync(file, text);
  const { code, out, error } = await ledger('verify', '--config', file);
  expect([code, error]).toEqual([0, '']);
  expect(out).toContain(dataDir);
});

test('a configuration of no role is refused with what is wrong', async () => {
  const file = join(folder, 'role.toml');
  writeFileSync(file, 'listen = 7\n');
  const { code, error } = await ledger('verify', '--config', file);
  expect([code, error]).toEqual([2, expect.stringContaining('the configuration cannot be used')]);
  expect(error).toContain('role.toml');
});
