import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import type { FileHandle, FileLayer } from '../src/index.ts';

/** Thrown by every call once the power is out. */
export class PowerFailure extends Error {}

const SECTOR = 512;

interface MemoryFile {
  /** What is on disk. */
  durable: Uint8Array;
  /** What is read back: the page cache. */
  current: Uint8Array;
  /** Where `current` was written since the last sync. A sync that fails gives these up, as Linux does. */
  dirty: readonly (readonly [start: number, end: number])[];
}
type Entries = Map<string, MemoryFile>;
type DirectoryChange = (entries: Entries) => void;

/** Random numbers from 0 up to 1. */
export type Random = () => number;

/** A file system in memory, its names below the root: it forgets what was not synced when the power fails, not when the process is killed. */
export class MemoryFiles implements FileLayer {
  readonly #durableEntries: Entries;
  readonly #entries: Entries;
  readonly #handles = new Map<FileHandle, MemoryFile>();
  readonly #random: Random;
  #changes: DirectoryChange[] = [];
  #nextHandle = 1;
  /** Calls that change something, so far. */
  operations = 0;
  /** The power fails at this operation. */
  failPowerAt = Number.POSITIVE_INFINITY;
  /** Bytes that were asked for in parts of files. */
  bytesRead = 0;
  /** Returns an error code for an operation that shall fail. */
  fault: (operation: string) => string | undefined = () => undefined;

  constructor(random: Random, content: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.#random = random;
    this.#entries = new Map([...content].map(([name, bytes]) => [name, { durable: bytes, current: bytes, dirty: [] }]));
    this.#durableEntries = new Map(this.#entries);
  }

  /** The process was killed, and another one starts: what it wrote is there, on disk or not. */
  restart(): void {
    this.#handles.clear();
    this.operations = 0;
    this.failPowerAt = Number.POSITIVE_INFINITY;
    this.fault = () => undefined;
  }

  /** What a power failure now would leave behind: a random part of what was not synced, by sectors. */
  afterPowerFailure(): Map<string, Uint8Array> {
    const entries = new Map(this.#durableEntries);
    const kept = Math.floor(this.#random() * (this.#changes.length + 1));
    for (const change of this.#changes.slice(0, kept)) change(entries);
    return new Map([...entries].map(([name, file]) => [name, this.#torn(file)]));
  }

  /** What is read back. */
  content(): Map<string, Uint8Array> {
    return new Map([...this.#entries].map(([name, { current }]) => [name, current]));
  }

  makeDirectory(): void {
    this.#step('makeDirectory');
  }

  list(directory = '/'): readonly string[] {
    return [...this.#entries.keys()]
      .filter((name) => dirname(join('/', name)) === directory)
      .map((name) => basename(name));
  }

  read(path: string): Uint8Array {
    return this.#file(path).current.slice();
  }

  readAt(path: string, offset: number, length: number): Uint8Array {
    this.bytesRead += length;
    return this.#file(path).current.slice(offset, offset + length);
  }

  open(path: string, mode: 'create' | 'existing'): FileHandle {
    const name = nameOf(path);
    this.#step('open');
    if (mode === 'create') {
      if (this.#entries.has(name)) throw Object.assign(new Error('EEXIST'), { code: 'EEXIST' });
      const file = { durable: new Uint8Array(), current: new Uint8Array(), dirty: [] };
      this.#change((entries) => entries.set(name, file));
    }
    const handle = this.#nextHandle++;
    this.#handles.set(handle, this.#file(path));
    return handle;
  }

  write(handle: FileHandle, parts: readonly Uint8Array[], offset: number): void {
    const data = Buffer.concat(parts);
    const file = this.#open(handle);
    const store = (length: number): void => {
      const bytes = new Uint8Array(Math.max(file.current.length, offset + length));
      bytes.set(file.current);
      bytes.set(data.subarray(0, length), offset);
      file.current = bytes;
      file.dirty = [...file.dirty, [offset, offset + length]];
    };
    this.#step('write', () => store(Math.floor(this.#random() * data.length)));
    store(data.length);
  }

  sync(handle: FileHandle): void {
    const file = this.#open(handle);
    this.#step('sync', (end) => {
      if (end === 'fault') file.dirty = [];
    });
    file.durable = written(file);
    file.dirty = [];
  }

  truncate(handle: FileHandle, length: number): void {
    const file = this.#open(handle);
    this.#step('truncate');
    file.current = file.current.slice(0, length);
    file.dirty = [...file.dirty, [length, file.durable.length]];
  }

  close(handle: FileHandle): void {
    this.#handles.delete(handle);
  }

  rename(from: string, to: string): void {
    const file = this.#file(from);
    this.#step('rename');
    this.#change((entries) => {
      entries.delete(nameOf(from));
      entries.set(nameOf(to), file);
    });
  }

  remove(path: string): void {
    this.#step('remove');
    this.#change((entries) => entries.delete(nameOf(path)));
  }

  syncDirectory(): void {
    this.#step('syncDirectory');
    for (const change of this.#changes) change(this.#durableEntries);
    this.#changes = [];
  }

  /** Counts an operation; `partly` happens even when it fails. */
  #step(operation: string, partly: (end: 'fault' | 'power') => void = () => {}): void {
    this.operations += 1;
    if (this.operations >= this.failPowerAt) {
      if (this.operations === this.failPowerAt) partly('power');
      throw new PowerFailure('the power is out');
    }
    const code = this.fault(operation);
    if (code === undefined) return;
    partly('fault');
    throw Object.assign(new Error(`${code}: ${operation}`), { code });
  }

  #change(change: DirectoryChange): void {
    change(this.#entries);
    this.#changes.push(change);
  }

  #torn(file: MemoryFile): Uint8Array {
    const [durable, current] = [file.durable, written(file)];
    const longest = Math.max(durable.length, current.length);
    const shortest = Math.min(durable.length, current.length);
    const length = shortest + Math.floor(this.#random() * (longest - shortest + 1));
    const bytes = new Uint8Array(length);
    for (let start = 0; start < length; start += SECTOR) {
      const from = this.#random() < 0.5 ? durable : current;
      bytes.set(from.subarray(start, Math.min(start + SECTOR, length)), start);
    }
    return bytes;
  }

  #file(path: string): MemoryFile {
    const file = this.#entries.get(nameOf(path));
    if (file === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
    return file;
  }

  #open(handle: FileHandle): MemoryFile {
    const file = this.#handles.get(handle);
    if (file === undefined) throw new Error('EBADF');
    return file;
  }
}

const nameOf = (path: string): string => relative('/', join('/', path));

/** The file as a sync leaves it on disk. */
function written({ durable, current, dirty }: MemoryFile): Uint8Array {
  const bytes = new Uint8Array(current.length);
  bytes.set(durable.subarray(0, current.length));
  for (const [start, end] of dirty) bytes.set(current.subarray(start, end), Math.min(start, current.length));
  return bytes;
}

/** Puts files into a real directory. */
export function writeDirectory(directory: string, content: ReadonlyMap<string, Uint8Array>): void {
  mkdirSync(directory, { recursive: true });
  for (const [name, bytes] of content) writeFileSync(join(directory, name), bytes);
}

/** The files of a real directory. */
export function readDirectory(directory: string): Map<string, Uint8Array> {
  return new Map(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))]));
}

/** Park-Miller; fast-check shrinks its seed. */
export function generator(seed: number): Random {
  let state = (Math.abs(seed) % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
