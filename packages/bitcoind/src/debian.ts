import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type BitcoindBinary, findOnPath, probeBinary } from './binary.ts';
import { BitcoindError } from './bitcoind-error.ts';
import { withLock } from './cache-lock.ts';
import { PrivateApt } from './private-apt.ts';
import type { OnProgress } from './progress.ts';
import { runCommand } from './run-command.ts';

const PACKAGE = 'bitcoin-knots';
const SUITE = 'sid';
const FINISHED = 'unpacked.json';

interface DebianOptions {
  readonly cacheDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly progress: OnProgress;
  readonly signal?: AbortSignal | undefined;
}

/**
 * bitcoind from Debian's signed archive, unpacked below `cacheDir` and started through its own loader, because
 * the suite that carries it wants a newer C library than a stable system has. Got once, then reused.
 */
export async function bitcoindFromDebian(options: DebianOptions): Promise<BitcoindBinary> {
  const { progress, signal } = options;
  const cacheDir = resolve(options.cacheDir);
  for (const program of ['apt-get', 'apt-config', 'dpkg', 'dpkg-deb']) {
    if ((await findOnPath(program, options.env)) === undefined) {
      throw new BitcoindError('archive-unavailable', `this system has no ${program}`);
    }
  }
  const architecture = (await runCommand('dpkg', ['--print-architecture'])).trim();
  const root = join(cacheDir, `${PACKAGE}-${architecture}`);
  if (!(await isFinished(root))) {
    await withLock(
      `${root}.lock`,
      {
        signal,
        onWait: (pid) => progress({ step: 'wait', text: `process ${pid} is already getting bitcoind` }),
      },
      async () => {
        if (!(await isFinished(root))) await install(root, { ...options, cacheDir });
      },
    );
  }
  progress({ step: 'check', text: `checking ${root}` });
  return await probeUnpacked(root);
}

async function install(root: string, { cacheDir, progress, signal }: DebianOptions): Promise<void> {
  await mkdir(cacheDir, { recursive: true });
  const work = await mkdtemp(join(cacheDir, 'getting-bitcoind-'));
  try {
    const apt = await PrivateApt.create(join(work, 'apt'), signal);
    progress({ step: 'update', text: `reading Debian's package list (${SUITE})` });
    await useFirstArchive(apt);
    progress({ step: 'resolve', text: `resolving the libraries of ${PACKAGE}` });
    const packages = (await apt.closureOf(PACKAGE)).filter(isNeeded);
    const debs = await apt.download(packages, (done, total) =>
      progress({ step: 'download', text: `downloading ${packages.length} packages`, bytes: { done, total } }),
    );
    progress({ step: 'unpack', text: `unpacking ${debs.length} packages` });
    const unpacked = join(work, 'root');
    for (const deb of debs) await runCommand('dpkg-deb', ['-x', deb, unpacked], { signal });
    for (const part of ['etc', 'usr/share', 'usr/sbin'])
      await rm(join(unpacked, part), { recursive: true, force: true });
    await writeFile(join(unpacked, FINISHED), `${JSON.stringify({ suite: SUITE, packages }, null, 2)}\n`);
    await publish(unpacked, root);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The rename is what makes a half-unpacked folder impossible; the lock only saves doing the work twice. */
async function publish(unpacked: string, root: string): Promise<void> {
  try {
    await rename(unpacked, root);
  } catch (error) {
    if (!(await isFinished(root))) throw error;
  }
}

async function useFirstArchive(apt: PrivateApt): Promise<void> {
  const archives = await apt.systemArchives();
  let failure: unknown;
  for (const archive of archives) {
    try {
      return await apt.useSuite(archive, SUITE);
    } catch (error) {
      failure = error;
    }
  }
  const reason = failure instanceof Error ? failure.message : "the system's apt sources name no Debian archive";
  throw new BitcoindError('archive-unavailable', `Debian's archive cannot be read: ${reason}`, {}, { cause: failure });
}

/** Of the closure only what bitcoind links against; not the service manager and what configures packages. */
function isNeeded(name: string): boolean {
  return name === PACKAGE || (/^(lib|zlib)/.test(name) && !/^lib(systemd-shared|c-gconv)/.test(name));
}

async function probeUnpacked(root: string): Promise<BitcoindBinary> {
  const libraries = join(root, 'usr', 'lib');
  for (const triplet of await readdir(libraries)) {
    if (!triplet.endsWith('-linux-gnu')) continue;
    const folder = join(libraries, triplet);
    const loader = (await readdir(folder)).find((file) => /^ld-linux.*\.so\.\d+$/.test(file));
    if (loader === undefined) continue;
    const args = ['--library-path', folder, join(root, 'usr', 'bin', 'bitcoind')];
    return await probeBinary('debian', join(folder, loader), args);
  }
  throw new BitcoindError('not-runnable', `${root} holds no program loader: remove it and try again`, { root });
}

async function isFinished(root: string): Promise<boolean> {
  try {
    JSON.parse(await readFile(join(root, FINISHED), 'utf8'));
    return true;
  } catch {
    return false;
  }
}
