import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { backupLedger, openJournal, verifyLedger } from '../../src/index.ts';
import { share, silent, temporaryDirectory } from '../builders.ts';
import { readManifest } from '../../src/keeping/manifest.ts';
import { channel } from './scene.ts';

const NOW_MS = 1_800_000_000_000;

let dataDir: string;
let backup: string;
beforeEach(async () => {
  dataDir = temporaryDirectory();
  for (let run = 0; run < 3; run += 1) {
    await using journal = await openJournal({ directory: join(dataDir, 'journal'), log: silent, segmentBytes: 2000 });
    journal.append(channel(7));
    for (let i = 0; i < 40; i += 1) {
      journal.append(share(i));
      await journal.flush();
    }
  }
  backup = join(temporaryDirectory(), 'backup');
  await backupLedger({ dataDir, to: backup, nowMs: NOW_MS });
});

const second = (directory: string): string => join(directory, 'journal', '0000000002.journal');
function change(path: string, by: (bytes: Uint8Array) => Uint8Array): void {
  writeFileSync(path, by(readFileSync(path)));
}
function flip(path: string, at: number): void {
  change(path, (bytes) => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte)));
}

test('nothing is found in a ledger and in its backup, and what they hold is told', async () => {
  const found = await verifyLedger({ directory: dataDir });
  expect(found).toMatchObject({
    kind: 'ledger',
    findings: [],
    journals: [
      {
        name: 'journal',
        firstPosition: 1,
        lastPosition: 3 * 42,
        bootEpoch: 3,
        unfinishedBytes: 0,
        records: { Start: 3, ChannelOpened: 3, ShareAccepted: 120 },
      },
    ],
  });
  expect(await verifyLedger({ directory: backup })).toMatchObject({
    kind: 'backup',
    findings: [],
    journals: [{ lastPosition: 3 * 42 }],
  });
});

const damages: readonly (readonly [what: string, damage: (directory: string) => void, code: string])[] = [
  ['a bit of a record', (directory) => flip(second(directory), 300), 'records-damaged'],
  ['a bit of a segment header', (directory) => flip(second(directory), 9), 'header-damaged'],
  ['a segment that is gone', (directory) => rmSync(second(directory)), 'records-missing'],
  [
    'the end of a segment that is gone',
    (directory) => change(second(directory), (b) => b.subarray(0, -5)),
    'records-damaged',
  ],
  [
    'an epoch file from before',
    (directory) => writeFileSync(join(directory, 'journal', 'boot-epoch'), '1 7a5b6d2c\n'),
    'epoch-file',
  ],
];

test.each(damages)('%s is found', async (_what, damage, code) => {
  damage(dataDir);
  const { findings } = await verifyLedger({ directory: dataDir });
  expect(findings.map((finding) => finding.code)).toContain(code);
});

test.each(damages)('in a backup too: %s', async (_what, damage) => {
  damage(backup);
  const { kind, findings } = await verifyLedger({ directory: backup });
  expect(kind).toBe('backup');
  expect(findings.map(({ code }) => code)).toContainEqual(expect.stringMatching(/^file-(differs|missing)$/));
});

test('a share of a channel that was never opened is found', async () => {
  await using journal = await openJournal({ directory: join(dataDir, 'journal'), log: silent });
  journal.append(share(1));
  await journal.flush();
  const { findings } = await verifyLedger({ directory: dataDir });
  expect(findings).toEqual([
    {
      code: 'channel-unknown',
      where: 'journal',
      text: 'record 128 is of channel 7, which was not opened in its run',
    },
  ]);
});

test('a strange file and a missing mark are found in a backup', async () => {
  writeFileSync(join(backup, 'journal', 'notes.txt'), 'mine');
  rmSync(join(backup, 'journal', 'boot-epoch.copy'));
  const { kind, findings } = await verifyLedger({ directory: backup });
  expect(kind).toBe('backup');
  expect(findings.map(({ code, where }) => [code, where])).toEqual([
    ['file-missing', 'journal/boot-epoch.copy'],
    ['file-strange', 'journal/notes.txt'],
  ]);
});

test('what runs on a restored backup is verified as a ledger of its own', async () => {
  const directory = temporaryDirectory();
  cpSync(backup, directory, { recursive: true });
  await using journal = await openJournal({ directory: join(directory, 'journal'), log: silent });
  expect(await verifyLedger({ directory })).toMatchObject({ kind: 'ledger', findings: [] });
  expect(journal.watermark).toBe(3 * 42 + 1);
});

test('whatever bit of a manifest is changed is found', async () => {
  const path = join(backup, 'manifest.json');
  const bytes = readFileSync(path);
  const missed: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const changed = Uint8Array.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    writeFileSync(path, changed);
    await readManifest(backup).then(
      () => missed.push(at),
      (error: unknown) => expect(error).toMatchObject({ code: 'keeping-manifest' }),
    );
  }
  expect(missed).toEqual([]);
});

test('a manifest that cannot be read is said', async () => {
  writeFileSync(join(backup, 'manifest.json'), '{"format": 2}');
  await expect(verifyLedger({ directory: backup })).rejects.toMatchObject({ code: 'keeping-manifest' });
});
