import { spawnSync } from 'node:child_process';
import { closeSync, constants, copyFileSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MOUNT = 'mount -t tmpfs -o size=$1,mode=700 none "$0"';
/** Ways to mounts of one's own: for everybody where user namespaces are allowed, else for root. */
const WAYS = [
  ['unshare', '--user', '--map-root-user', '--mount'],
  ['unshare', '--mount', '--propagation', 'private'],
];

/** Why there are no small disks here. */
export const NO_SMALL_DISK = 'this system lets nobody mount a file system: neither in a user namespace nor as root';

/** How this system lets a process have a file system of its own; undefined when it does not. */
export function findMount(): readonly string[] | undefined {
  return WAYS.find(([command = '', ...options]) => {
    const { status } = spawnSync(command, [...options, 'sh', '-c', MOUNT, tmpdir(), '1m'], { stdio: 'ignore' });
    return status === 0;
  });
}

/** A file system of its own that a process sees in a folder: of a size, in memory, and gone with the process. */
export class SmallDisk {
  /** The command that gives it to what is run through it, and the arguments. */
  readonly through: readonly string[];
  readonly #folder: string;

  /** @param mount of {@link findMount} */
  constructor(mount: readonly string[], folder: string, megabytes: number) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    this.through = [...mount, 'sh', '-c', `${MOUNT} && shift && exec "$@"`, folder, `${megabytes}m`];
  }

  /** Keeps what is in it beyond the end of the process. */
  hold(pid: number): HeldDisk {
    return new HeldDisk(this.#seenBy(pid));
  }

  /** Leaves room for nothing. */
  fill(pid: number): void {
    const filler = openSync(this.#filler(pid), 'a');
    const [large, small] = [new Uint8Array(0x1_0000), new Uint8Array(1)];
    try {
      for (const part of [large, small]) while (writes(filler, part));
    } finally {
      closeSync(filler);
    }
  }

  /** There is room again. */
  free(pid: number): void {
    rmSync(this.#filler(pid));
  }

  /** The folder as the process with that id sees it. */
  #seenBy(pid: number): string {
    return join(`/proc/${pid}/root`, this.#folder);
  }

  #filler(pid: number): string {
    return join(this.#seenBy(pid), 'filler');
  }
}

/** The content of a small disk, whatever becomes of the process that has it. */
export class HeldDisk implements Disposable {
  readonly #directory: number;

  constructor(folder: string) {
    this.#directory = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  }

  /** Copies all files to a folder that other programs can see. */
  copyTo(folder: string): void {
    copyFiles(`/proc/self/fd/${this.#directory}`, folder);
  }

  [Symbol.dispose](): void {
    closeSync(this.#directory);
  }
}

function copyFiles(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyFiles(source, target);
    else if (entry.isFile()) copyFileSync(source, target);
  }
}

function writes(file: number, part: Uint8Array): boolean {
  try {
    writeSync(file, part);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
}
