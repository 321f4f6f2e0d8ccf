import { closeSync, existsSync, openSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Ledger, openJournal, openLedger, rebuildDatabase } from '../src/index.ts';
import { listening, share, temporaryDirectory } from './builders.ts';

interface Scene {
  readonly directory: string;
  readonly file: string;
  readonly database: { readonly kind: 'sqlite'; readonly file: string };
  readonly lines: string[];
  open(): Promise<Ledger>;
}

/** A ledger of a thousand shares in several files of the journal, all projected, and closed. */
async function scene(): Promise<Scene> {
  const directory = temporaryDirectory();
  const file = join(directory, 'ledger.sqlite');
  const database = { kind: 'sqlite', file } as const;
  const { log, lines } = listening();
  const open = async (): Promise<Ledger> => {
    const ledger = await openLedger({ directory, database, log });
    onTestFinished(() => ledger.close());
    return ledger;
  };
  const journal = await openJournal({ directory: join(directory, 'journal'), log, segmentBytes: 20_000 });
  for (let batch = 0; batch < 10; batch++) {
    for (let n = 0; n < 100; n++) journal.append(share(n));
    await journal.flush();
  }
  await journal.close();
  await using ledger = await open();
  await ledger.projected(ledger.journal.watermark);
  return { directory, file, database, lines, open };
}

/** Writes rubbish over all pages but the first, or over that one too. */
function damage(file: string, from = 4096): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, new Uint8Array(statSync(file).size - from).fill(0x5a), 0, undefined, from);
  closeSync(handle);
}

async function accepted(ledger: Ledger): Promise<number> {
  await ledger.projected(ledger.journal.watermark);
  return (await ledger.query('totals', {})).accepted;
}

test.each([0, 4096])('is set aside at the start, and made anew from the journal (from byte %i)', async (from) => {
  const { file, lines, open } = await scene();
  damage(file, from);
  const ledger = await open();
  expect(await accepted(ledger)).toBe(1000);
  expect(existsSync(`${file}.damaged`)).toBe(true);
  expect(lines.filter((line) => line.includes('set aside'))).toHaveLength(1);
});

test('is set aside when it shows while the service runs, the second time by a person', async () => {
  const { file, open } = await scene();
  const ledger = await open();
  expect(await accepted(ledger)).toBe(1000);
  const checkpoint = (): void => {
    const other = new DatabaseSync(file, { timeout: 5000 });
    other.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    other.close();
  };
  checkpoint();
  damage(file);
  ledger.journal.append(share(1));
  await ledger.journal.flush();
  await vi.waitFor(() => expect(existsSync(`${file}.damaged`)).toBe(true), 30_000);
  expect(await accepted(ledger)).toBe(1001);
  checkpoint();
  damage(file);
  await vi.waitFor(
    async () => {
      ledger.journal.append(share(1));
      await ledger.journal.flush();
      expect(ledger.state).toMatchObject({ kind: 'refused', code: 'ledger-database-damaged' });
    },
    { timeout: 10_000, interval: 300 },
  );
  expect(ledger.journal.state.kind).toBe('ok');
});

test('stays where it is when the journal has lost its first files: a person decides', async () => {
  const { directory, file, database, open } = await scene();
  damage(file);
  rmSync(join(directory, 'journal', '0000000001.journal'));
  const ledger = await open();
  await vi.waitFor(() => expect(ledger.state).toMatchObject({ code: 'ledger-database-damaged' }), 30_000);
  expect(readdirSync(directory)).not.toContain('ledger.sqlite.damaged');
  await ledger.close();
  await expect(rebuildDatabase({ dataDir: directory, database })).rejects.toMatchObject({ code: 'keeping-partial' });
});

test('that is missing is not made anew without the first files of the journal, unless a person says so', async () => {
  const { directory, file, database, open } = await scene();
  rmSync(file);
  rmSync(join(directory, 'journal', '0000000001.journal'));
  const ledger = await open();
  await vi.waitFor(() => expect(ledger.state).toMatchObject({ code: 'ledger-partial' }), 30_000);
  await ledger.close();
  await rebuildDatabase({ dataDir: directory, database, partial: true });
  const again = await open();
  expect(await accepted(again)).toBeLessThan(1000);
});

test('is not what is wrong when its lock is', async () => {
  const { file, open } = await scene();
  writeFileSync(join(`${file}.lock`, 'lock'), 'no lock'.repeat(1000));
  const ledger = await open();
  const reason = expect.stringContaining('remove it while nothing runs');
  await vi.waitFor(() => expect(ledger.state).toMatchObject({ kind: 'away', reason }), 30_000);
  rmSync(join(`${file}.lock`, 'lock'));
  expect(await accepted(ledger)).toBe(1000);
  expect(existsSync(`${file}.damaged`)).toBe(false);
});
