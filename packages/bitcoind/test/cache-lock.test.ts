import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withLock } from '../src/cache-lock.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sv2kit-lock-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('work under one lock never overlaps, and whoever waits is told for whom', async () => {
  const lock = join(folder, 'a.lock');
  const waited: number[] = [];
  let inside = 0;
  const entered = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  const first = withLock(lock, { onWait: (pid) => waited.push(pid) }, async () => {
    inside += 1;
    entered.resolve();
    await leave.promise;
    inside -= 1;
  });
  await entered.promise;
  const second = withLock(
    lock,
    {
      onWait: (pid) => {
        waited.push(pid);
        leave.resolve();
      },
    },
    async () => inside,
  );
  await first;
  expect(await second).toBe(0);
  expect(waited).toEqual([process.pid]);
  expect(await readdir(folder)).toEqual([]);
});

test('the lock of a process that died is taken over', async () => {
  const dead = spawnSync(process.execPath, ['--version']).pid;
  await writeFile(join(folder, 'a.lock'), String(dead));
  expect(await withLock(join(folder, 'a.lock'), { onWait: () => {} }, async () => 'done')).toBe('done');
});

test('a wait ends when it is called off', async () => {
  await writeFile(join(folder, 'a.lock'), String(process.pid));
  const abort = new AbortController();
  const waiting = withLock(
    join(folder, 'a.lock'),
    { onWait: () => abort.abort(), signal: abort.signal },
    async () => 1,
  );
  await expect(waiting).rejects.toThrow(/abort/i);
});
