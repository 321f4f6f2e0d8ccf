// A backup made under load, and a pool that goes on with it when the original is dead.
import { cpSync } from 'node:fs';
import { backupLedger, Reports, verifyLedger } from '@sv2kit/ledger';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Lab } from '../src/index.ts';
import {
  acknowledgedOf,
  EVERY_HASH,
  expectEveryAcknowledged,
  type LedgerPool,
  poolWishes,
  sqliteIn,
  startLoad,
  withWork,
} from './ledger-ground.ts';
import { recorded, shareKey } from './recorded.ts';
import type { Told } from './share-load.ts';

const EPOCH_BYTES = 3;
const SHARES = 1500;

let lab: Lab;
let templateProvider: string;
beforeAll(async () => {
  lab = await Lab.open('signet');
  templateProvider = lab.url(await lab.templateProvider());
});
afterAll(() => lab?.[Symbol.asyncDispose]());

async function startPool(dataDir: string): Promise<LedgerPool> {
  return await withWork(lab, lab.poolProcess(poolWishes(templateProvider, dataDir)), dataDir);
}

/** Shares until so many were sent. */
function untilSent(count: number): { readonly onSent: () => void; readonly enough: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = count;
  const onSent = (): void => {
    left -= 1;
    if (left === 0) resolve();
  };
  return { onSent, enough: promise };
}

test('a pool goes on with a backup that was made under load, and hands out no extranonce of its original or another copy (§5.1.2.1)', async () => {
  const dataDir = `${lab.folder}/pool-data`;
  const backup = `${lab.folder}/backup`;
  const original = await startPool(dataDir);
  const { onSent, enough } = untilSent(SHARES);
  const { told } = await startLoad(original, onSent);
  await enough;
  const manifest = await backupLedger({ dataDir, to: backup, nowMs: Date.now() });
  original.process.signal('SIGKILL');
  const before = await told;
  // It was started once more behind the backup, and then its disk died.
  const again = await startPool(dataDir);
  const epochs = [...before.map(({ prefix }) => epochIn(prefix)), await epochOf(again)];
  await again.process.kill();

  await using reports = new Reports(sqliteIn(backup));
  const verification = await verifyLedger({ directory: backup, snapshot: (run) => reports.snapshot(run) });
  expect(verification).toMatchObject({ kind: 'backup', findings: [] });
  expect(verification.database?.position).toBeLessThanOrEqual(manifest.journals[0]?.lastPosition ?? 0);
  const kept = await keptOf(backup, before);
  expect(acknowledgedOf(kept)).toBeGreaterThan(0);

  for (const copy of ['restored', 'restored-again']) {
    const folder = `${lab.folder}/${copy}`;
    cpSync(backup, folder, { recursive: true });
    const restored = await startPool(folder);
    const load = untilSent(SHARES);
    const onward = await startLoad(restored, load.onSent);
    await load.enough;
    expect(await restored.process.stop()).toEqual({ kind: 'exit', code: 0 });
    const after = await onward.told;
    const [epoch] = new Set(after.map(({ prefix }) => epochIn(prefix)));
    expect(epochs).not.toContain(epoch);
    epochs.push(epoch ?? 0);
    await expectEveryAcknowledged(folder, sqliteIn(folder), [...kept, ...after]);
  }
});

/** What was acknowledged and is in the backup. */
async function keptOf(backup: string, told: readonly Told[]): Promise<readonly Told[]> {
  const { shares } = await recorded(`${backup}/journal`);
  return told.map((each) => ({
    ...each,
    acknowledged: each.acknowledged.filter(({ sequenceNumber }) => shares.has(shareKey(each.prefix, sequenceNumber))),
  }));
}

/** Of the run that a pool is in. */
async function epochOf(pool: LedgerPool): Promise<number> {
  await using miner = await pool.connect();
  const { opened } = await miner.open('extended', EVERY_HASH);
  return epochIn(Buffer.from(opened.extranoncePrefix).toString('hex'));
}

/** The part of a prefix that names the run, big-endian. */
const epochIn = (prefix: string): number => Buffer.from(prefix, 'hex').readUIntBE(0, EPOCH_BYTES);
