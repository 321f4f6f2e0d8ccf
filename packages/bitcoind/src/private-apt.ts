import { access, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BitcoindError } from './bitcoind-error.ts';
import { runCommand } from './run-command.ts';

const KEYRINGS = ['/usr/share/keyrings/debian-archive-keyring.pgp', '/usr/share/keyrings/debian-archive-keyring.gpg'];

/**
 * apt with all of its state in a folder of its own, reading one suite of Debian's signed archive.
 * It needs no root, reads nothing of the system's package state and runs none of the system's hooks.
 */
export class PrivateApt {
  readonly #folder: string;
  readonly #signal: AbortSignal | undefined;

  private constructor(folder: string, signal: AbortSignal | undefined) {
    this.#folder = folder;
    this.#signal = signal;
  }

  /** Lays the folder out. The system's way of reaching archives (proxies, date checks) is carried over. */
  static async create(folder: string, signal?: AbortSignal): Promise<PrivateApt> {
    for (const name of ['lists/partial', 'cache/archives/partial', 'sources', 'debs', 'log', 'tmp']) {
      await mkdir(join(folder, name), { recursive: true });
    }
    const system = await runCommand('apt-config', ['dump'], { signal });
    const acquire = system.split('\n').filter((line) => line.startsWith('Acquire::'));
    const config = [
      ...acquire,
      'Acquire::Languages "none";',
      'Acquire::PDiffs "false";',
      // Read before everything else, so that no hook of the system's configuration is loaded.
      'Dir::Etc::Parts "/dev/null";',
      'Dir::Etc::Main "/dev/null";',
      'Dir::Etc::SourceList "/dev/null";',
      `Dir::Etc::SourceParts "${folder}/sources";`,
      'Dir::Etc::Preferences "/dev/null";',
      'Dir::Etc::PreferencesParts "/dev/null";',
      `Dir::State "${folder}";`,
      `Dir::State::Lists "${folder}/lists";`,
      'Dir::State::status "/dev/null";',
      `Dir::Cache "${folder}/cache";`,
      `Dir::Log "${folder}/log";`,
      'APT::Sandbox::User "root";',
      'APT::Install-Recommends "false";',
    ];
    await writeFile(join(folder, 'apt.conf'), `${config.join('\n')}\n`);
    return new PrivateApt(folder, signal);
  }

  /** The archive addresses that the system's own sources name, Debian's main archive first. */
  async systemArchives(): Promise<string[]> {
    const printed = await runCommand(
      'apt-get',
      ['--print-uris', `-oDir::State::Lists=${this.#folder}/lists`, `-oDir::Cache=${this.#folder}/cache`, 'update'],
      { env: { TMPDIR: join(this.#folder, 'tmp') }, signal: this.#signal },
    );
    return archivesIn(printed);
  }

  /** Points at one suite of one archive. Only Debian's own signatures are believed. */
  async useSuite(archive: string, suite: string): Promise<void> {
    const source = [
      'Types: deb',
      `URIs: ${archive}`,
      `Suites: ${suite}`,
      'Components: main',
      'Targets: Packages',
      `Signed-By: ${await keyring()}`,
    ];
    await writeFile(join(this.#folder, 'sources', 'debian.sources'), `${source.join('\n')}\n`);
    await this.#apt(['-qq', 'update', '--error-on=any']);
  }

  /** The packages that installing `name` on an empty system would unpack, `name` included. */
  async closureOf(name: string): Promise<string[]> {
    const plan = await this.#apt(['--simulate', 'install', name]);
    return plan.split('\n').flatMap((line) => /^Inst (\S+)/.exec(line)?.[1] ?? []);
  }

  /** Downloads packages (hashes checked by apt) and returns the paths of their .deb files. */
  async download(names: readonly string[], onBytes: (done: number, total: number) => void): Promise<string[]> {
    const debs = join(this.#folder, 'debs');
    const total = totalSize(await this.#apt(['--print-uris', 'download', ...names], { cwd: debs }));
    let told = 0;
    onBytes(told, total);
    await this.#apt(['-qq', '-oAPT::Status-Fd=3', 'download', ...names], {
      cwd: debs,
      onStatus: (line) => {
        const percent = /^dlstatus:\d+:([\d.]+):/.exec(line)?.[1];
        const done = Math.round((Number(percent ?? 0) / 100) * total);
        if (done > told) onBytes((told = done), total);
      },
    });
    const files = (await readdir(debs)).filter((file) => file.endsWith('.deb')).map((file) => join(debs, file));
    const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
    onBytes(
      sizes.reduce((sum, size) => sum + size, 0),
      total,
    );
    return files;
  }

  #apt(args: readonly string[], options: { cwd?: string; onStatus?: (line: string) => void } = {}): Promise<string> {
    const env = { APT_CONFIG: join(this.#folder, 'apt.conf'), TMPDIR: join(this.#folder, 'tmp') };
    return runCommand('apt-get', args, { ...options, env, signal: this.#signal });
  }
}

/** Archive addresses in the output of `apt-get --print-uris update`, those that end in /debian first. */
export function archivesIn(printed: string): string[] {
  const found = new Set<string>();
  for (const [, uri] of printed.matchAll(/^'([^']+?)\/?\/dists\/[^']+\/InRelease'/gm)) {
    if (uri !== undefined && !/security/i.test(uri)) found.add(uri);
  }
  const isMain = (uri: string): boolean => uri.endsWith('/debian');
  return [...found].sort((a, b) => Number(isMain(b)) - Number(isMain(a)));
}

/** The bytes that `apt-get --print-uris download` announces. */
export function totalSize(printed: string): number {
  let total = 0;
  for (const [, size] of printed.matchAll(/^'[^']+' \S+ (\d+)/gm)) total += Number(size);
  return total;
}

async function keyring(): Promise<string> {
  for (const path of KEYRINGS) {
    try {
      await access(path);
      return path;
    } catch {
      // Another release keeps it elsewhere.
    }
  }
  throw new BitcoindError('archive-unavailable', `Debian's archive keyring is not on this system (${KEYRINGS[1]})`);
}
