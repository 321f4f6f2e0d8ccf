import { closeSync, constants, copyFileSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A file system of its own that a process sees in a folder: of a size, in memory, and gone with the process. */
export class SmallDisk {
  /** The command that gives it to what is run through it, and the arguments. Needs no rights but to make a user namespace. */
  readonly through: readonly string[];
  readonly #folder: string;

  constructor(folder: string, megabytes: number) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    const script = `mount -t tmpfs -o size=${megabytes}m,mode=700 none "$0" && exec "$@"`;
    this.through = ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', script, folder];
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
