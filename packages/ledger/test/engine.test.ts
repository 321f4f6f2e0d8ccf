import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Ledger, type LedgerOptions, openLedger } from '../src/index.ts';
import { listening, share, silent, temporaryDirectory, turns } from './builders.ts';
import { generator, MemoryFiles } from './memory-files.ts';

const channel = {
  type: 'ChannelOpened',
  timeMs: 1_800_000_000_000,
  channelKey: 7,
  connection: 1,
  channelId: 1,
  kind: 'extended',
  userIdentity: new TextEncoder().encode('alice'),
  extranoncePrefix: Uint8Array.of(1),
  remote: '192.0.2.1:5000',
  device: 'antminer',
} as const;

async function ledgerIn(directory: string, options: Partial<LedgerOptions> = {}): Promise<Ledger> {
  const database = { kind: 'sqlite', file: join(directory, 'ledger.sqlite') } as const;
  const ledger = await openLedger({ directory, database, log: silent, ...options });
  onTestFinished(() => ledger.close());
  return ledger;
}

async function mine(ledger: Ledger, shares: number): Promise<number> {
  ledger.journal.append(channel);
  for (let i = 0; i < shares; i++) ledger.journal.append(share(i));
  await ledger.journal.flush();
  return ledger.journal.position;
}

test('a power failure leaves a database that goes on with its journal, every share in it once', async () => {
  const directory = temporaryDirectory();
  const database = { kind: 'sqlite', file: join(directory, 'ledger.sqlite') } as const;
  const random = generator(3);
  let files = new MemoryFiles(random);
  let acknowledged = 0;
  for (let run = 0; run < 6; run++) {
    const ledger = await openLedger({ directory: '/', database, log: silent, file: files, syncIntervalMs: 0 });
    const { journal } = ledger;
    await mine(ledger, 50);
    if (run % 2 === 0) await ledger.projected(journal.watermark);
    acknowledged += 50;
    // Records that nobody was told of yet, half written.
    files.failPowerAt = files.operations + 1;
    journal.append(share(50));
    await turns();
    const left = files.afterPowerFailure();
    await expect(ledger.close()).rejects.toMatchObject({ code: 'ledger-failed' });
    files = new MemoryFiles(random, left);
  }
  const ledger = await openLedger({ directory: '/', database, log: silent, file: files });
  onTestFinished(() => ledger.close());
  await ledger.projected(ledger.journal.watermark);
  expect(ledger.state.kind).not.toBe('refused');
  const { accepted } = await ledger.query('totals', {});
  expect(accepted).toBeGreaterThanOrEqual(acknowledged);
  expect(accepted).toBeLessThanOrEqual(acknowledged + 6);
});

describe('a ledger', () => {
  test('answers from the database what the journal was given', async () => {
    const ledger = await ledgerIn(temporaryDirectory());
    await ledger.projected(await mine(ledger, 1000));
    expect(await ledger.query('totals', {})).toMatchObject({ accepted: 1000, difficulty: 1_024_500 });
    expect(ledger.state).toMatchObject({ lag: 0, deadLetters: 0 });
  });

  test('has it all at the next start, whether its close had time for that or not', async () => {
    const directory = temporaryDirectory();
    const first = await ledgerIn(directory);
    await mine(first, 5000);
    await first.close();
    const again = await ledgerIn(directory);
    await again.projected(again.journal.watermark);
    expect(await again.query('totals', {})).toMatchObject({ accepted: 5000 });
  });

  test('makes a database that was lost anew from the journal', async () => {
    const directory = temporaryDirectory();
    const first = await ledgerIn(directory);
    await mine(first, 500);
    await first.close();
    for (const name of ['ledger.sqlite', 'ledger.sqlite-wal', 'ledger.sqlite-shm'])
      rmSync(join(directory, name), { force: true });
    const again = await ledgerIn(directory);
    await again.projected(again.journal.watermark);
    expect(await again.query('totals', {})).toMatchObject({ accepted: 500 });
  });

  test('mines on with a database that cannot be opened, and says why', async () => {
    const directory = temporaryDirectory();
    const { log, lines } = listening();
    writeFileSync(join(directory, 'file'), '');
    const file = join(directory, 'file', 'ledger.sqlite');
    const ledger = await ledgerIn(directory, { log, database: { kind: 'sqlite', file } });
    const away = Promise.withResolvers<unknown>();
    ledger.onState(away.resolve);
    expect(await away.promise).toMatchObject({ kind: 'away' });
    const position = await mine(ledger, 10);
    expect(ledger.journal).toMatchObject({ watermark: position, state: { kind: 'ok' } });
    await expect(ledger.query('totals', {})).rejects.toMatchObject({ code: 'ledger-database-away' });
    expect(lines).toContain('the ledger database is away; its records wait in the journal');
  });

  test('is the journal alone where no database is wanted', async () => {
    const directory = temporaryDirectory();
    const ledger = await ledgerIn(directory, { database: { kind: 'none' } });
    await mine(ledger, 3);
    expect(ledger.state).toEqual({ kind: 'none', position: 0, lag: 0, deadLetters: 0 });
    await expect(ledger.query('totals', {})).rejects.toMatchObject({ code: 'ledger-database-away' });
    await ledger.close();
    expect(existsSync(join(directory, 'ledger.sqlite'))).toBe(false);
  });

  test('says that a question makes no sense without losing its thread', async () => {
    const ledger = await ledgerIn(temporaryDirectory());
    await expect(ledger.query('no such question' as 'totals', {})).rejects.toThrow();
    expect(await ledger.query('totals', {})).toMatchObject({ accepted: 0 });
  });
});
