import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BitcoindError, type ObtainProgress, obtainBitcoind } from '../src/index.ts';
import { archivesIn, totalSize } from '../src/private-apt.ts';

const workspaceCache = fileURLToPath(new URL('../../../.cache', import.meta.url));
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sv2kit-obtain-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const failure = async (work: Promise<unknown>): Promise<BitcoindError> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof BitcoindError) return error;
  throw new Error(`expected a BitcoindError, got ${String(error)}`);
};

describe('what apt prints', () => {
  test('the archives of the system are read from apt itself, security archives left out, /debian first', () => {
    const printed = [
      "'http://archive.example/extra/dists/stable/InRelease' archive.example_extra_dists_stable_InRelease 0 ",
      "'http://mirror.example/debian/dists/bookworm/InRelease' mirror.example_debian_dists_bookworm_InRelease 0 ",
      "'http://mirror.example/debian/dists/bookworm-updates/InRelease' mirror.example_x 0 ",
      "'http://mirror.example/debian-security/dists/bookworm-security/InRelease' mirror.example_y 0 ",
      "'http://mirror.example/debian/dists/bookworm/main/binary-amd64/Packages.xz' mirror.example_z 0 ",
    ].join('\n');
    expect(archivesIn(printed)).toEqual(['http://mirror.example/debian', 'http://archive.example/extra']);
  });

  test('the size of a download is the sum of what apt announces', () => {
    const printed = [
      "'http://mirror.example/debian/pool/main/z/zlib/zlib1g_1.deb' zlib1g_1%3a1.3_amd64.deb 92424 SHA256:85",
      "'http://mirror.example/debian/pool/main/z/zeromq3/libzmq5_4.deb' libzmq5_4_amd64.deb 312040 SHA256:12",
    ].join('\n');
    expect(totalSize(printed)).toBe(404_464);
  });
});

describe('a binary that was named', () => {
  test('a path that does not exist is named, and nothing else is tried', async () => {
    const error = await failure(obtainBitcoind({ explicit: '/no/such/bitcoind', cacheDir: folder }));
    expect(error.code).toBe('not-runnable');
    expect(error.message).toMatch(/^\/no\/such\/bitcoind does not run: .*ENOENT/);
  });

  test('BITCOIND that points at another program is told apart by what it says', async () => {
    const other = join(folder, 'other');
    await writeFile(other, '#!/bin/sh\necho hello\n', { mode: 0o755 });
    const error = await failure(obtainBitcoind({ cacheDir: folder, env: { BITCOIND: other } }));
    expect(error.message).toBe(`BITCOIND=${other} is not bitcoind: -version said "hello"`);
  });

  test('bitcoind on the PATH is taken before anything is downloaded', async () => {
    const onPath = join(folder, 'bitcoind');
    await writeFile(onPath, '#!/bin/sh\necho Bitcoin Core daemon version v31.1.0\n', { mode: 0o755 });
    const binary = await obtainBitcoind({ cacheDir: folder, env: { PATH: `:/no/such:${folder}` } });
    expect(binary).toEqual({
      command: onPath,
      args: [],
      version: 'Bitcoin Core daemon version v31.1.0',
      source: 'path',
    });
  });
});

test('a system without a bitcoind and without apt is told in one line what to install', async () => {
  const error = await failure(obtainBitcoind({ cacheDir: folder, env: { PATH: '' } }));
  expect(error.code).toBe('not-found');
  expect(error.message).toContain('set BITCOIND=/path/to/bitcoind');
  expect(error.message).toContain('this system has no apt-get');
  expect(error.message).not.toContain('\n');
});

test('two callers at once get one bitcoind, and the cache holds nothing half done', { timeout: 300_000 }, async () => {
  const steps: ObtainProgress[] = [];
  const [first, second] = await Promise.all([
    obtainBitcoind({ cacheDir: workspaceCache, progress: (step) => steps.push(step) }),
    obtainBitcoind({ cacheDir: workspaceCache }),
  ]);
  expect(first).toEqual(second);
  expect(first.version).toMatch(/Bitcoin/);
  expect(steps.at(0)?.step).toBe('search');
  expect(steps.at(-1)).toEqual({ step: 'ready', text: first.version });
  if (first.source !== 'debian') return;
  expect((await readdir(workspaceCache)).filter((name) => /getting-bitcoind|\.lock$/.test(name))).toEqual([]);
});
