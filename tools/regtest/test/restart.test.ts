import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Lab, type RoleProcess, TestMiner } from '../src/index.ts';
import { recorded, shareKey } from './recorded.ts';
import { loadThreeChannels } from './share-load.ts';

/** Shares that are sent before the pool is told to stop. */
const FEWEST = 150;

let lab: Lab;
let templateProvider: string;
beforeAll(async () => {
  lab = await Lab.open('signet');
  templateProvider = lab.url(await lab.templateProvider());
});
afterAll(() => lab?.[Symbol.asyncDispose]());

async function startPool(port = 0): Promise<{ pool: RoleProcess; port: number }> {
  const pool = lab.poolProcess({
    templateProviders: [templateProvider],
    dataDir: `${lab.folder}/restarted`,
    submitsToNode: false,
    minDifficulty: 1e-12,
    sharesPerMinute: 1e6,
    port,
  });
  const listens = await pool.port();
  await pool.log.line('condition met', ({ condition }) => condition === 'templates');
  return { pool, port: listens };
}

const connect = (port: number, vendor: string): Promise<TestMiner> =>
  TestMiner.connect({ port, authority: lab.authority.publicKey, setup: { vendor } });

test('a pool under load that is told to stop answers every share that was sent, and its miners come back to the next process on its port (§3.6.5)', async () => {
  const { pool, port } = await startPool();
  const url = lab.url({ port });
  const device = lab.deviceProcess({ channel: 'extended', upstreams: [url], hashesPerShare: 1 });
  await device.log.nextLine('upstream connected');
  const miners = await Promise.all([connect(port, 'maker'), connect(port, '')]);
  const told = await loadThreeChannels(miners, FEWEST, () => pool.signal('SIGTERM'));
  expect(await pool.end()).toEqual({ kind: 'exit', code: 0 });
  await pool.log.line('drained');

  // Nothing is left without an answer, and every answer is true.
  for (const { sent, acknowledged, refused } of told) {
    expect(refused).toBe(0);
    expect(acknowledged).toHaveLength(sent.length);
  }
  const journal = await recorded(`${lab.folder}/restarted/journal`);
  for (const { prefix, sent } of told) {
    const lost = sent.filter((share) => journal.shares.get(shareKey(prefix, share.sequenceNumber))?.length !== 1);
    expect(lost).toEqual([]);
  }

  // Who names no vendor may break on Reconnect, and is spared it.
  const asked = miners.map(({ messages }) => messages.items.some(({ type }) => (type as string) === 'Reconnect'));
  expect(asked).toEqual([true, false]);

  await device.log.line('upstream asks us to reconnect');
  const again = await startPool(port);
  await device.log.nextLine('upstream connected');
  expect(again.port).toBe(port);
  expect(device.log.items.some(({ message }) => message === 'upstream given up')).toBe(false);
  await again.pool.stop();
});

test('a pool takes a changed file up at SIGHUP, all of what can be, and nothing of a broken one', async () => {
  const { pool } = await startPool();
  const file = join(lab.folder, newest(readdirSync(lab.folder)));
  const toml = readFileSync(file, 'utf8');
  writeFileSync(file, toml.replace('[mining]', '[mining]\nmin_difficulty = "much"'));
  pool.signal('SIGHUP');
  await pool.log.line('the configuration cannot be used: everything stays as it is');
  writeFileSync(
    file,
    toml.replace('shares_per_minute = 1000000', 'shares_per_minute = 30').replace(/^tag = .*$/m, 'tag = "/x/"'),
  );
  pool.signal('SIGHUP');
  const { fields } = await pool.log.line('the configuration was read again');
  expect(fields).toMatchObject({ applied: ['mining.shares_per_minute'], needsRestart: ['coinbase.tag'] });
  expect(await pool.stop()).toEqual({ kind: 'exit', code: 0 });
});

/** The file of the pool that was started last. */
function newest(files: readonly string[]): string {
  const numbered = files.flatMap((name) => {
    const number = /^pool-(\d+)\.toml$/.exec(name)?.[1];
    return number === undefined ? [] : [{ name, number: Number(number) }];
  });
  return numbered.toSorted((a, b) => b.number - a.number)[0]?.name ?? '';
}
