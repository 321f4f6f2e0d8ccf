import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writevSync,
} from 'node:fs';

/** An open file. */
export type FileHandle = number;

/**
 * The few verbs of a file system that the journal needs: a seam, so that tests can lose what was not synced.
 * All block; the journal's writer runs in a thread of its own.
 */
export interface FileLayer {
  makeDirectory(path: string): void;
  /** Names in a directory, in any order. */
  list(directory: string): readonly string[];
  /** The whole file. */
  read(path: string): Uint8Array;
  /** At most `length` bytes from `offset` on; fewer at the end of the file. */
  readAt(path: string, offset: number, length: number): Uint8Array;
  /** Opens for writing; `create` fails when the file exists. */
  open(path: string, mode: 'create' | 'existing'): FileHandle;
  /** Writes all parts one behind the other, or throws. */
  write(handle: FileHandle, parts: readonly Uint8Array[], offset: number): void;
  /** Returns when what was written is on disk (fdatasync). */
  sync(handle: FileHandle): void;
  truncate(handle: FileHandle, length: number): void;
  close(handle: FileHandle): void;
  /** Replaces `to`. */
  rename(from: string, to: string): void;
  /** No error when there is no such file. */
  remove(path: string): void;
  /** Returns when creations, renames and removals in the directory are on disk. */
  syncDirectory(path: string): void;
}

function writeAll(handle: FileHandle, parts: readonly Uint8Array[], offset: number): void {
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  let written = writevSync(handle, parts, offset);
  if (written === total) return;
  // A short write: go on part by part until all is written or the system says why it cannot be.
  let start = 0;
  for (const part of parts) {
    while (written < start + part.length) {
      written += writevSync(handle, [part.subarray(Math.max(0, written - start))], offset + written);
    }
    start += part.length;
  }
}

function readAt(path: string, offset: number, length: number): Uint8Array {
  const handle = openSync(path, 'r');
  try {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, fstatSync(handle).size - offset)));
    let filled = 0;
    while (filled < bytes.length) {
      const read = readSync(handle, bytes, filled, bytes.length - filled, offset + filled);
      if (read === 0) break;
      filled += read;
    }
    return bytes.subarray(0, filled);
  } finally {
    closeSync(handle);
  }
}

/** The real file system. */
export const nodeFiles: FileLayer = {
  makeDirectory: (path) => void mkdirSync(path, { recursive: true }),
  list: (directory) => readdirSync(directory),
  read: (path) => readFileSync(path),
  readAt,
  open: (path, mode) => openSync(path, mode === 'create' ? 'wx' : 'r+'),
  write: writeAll,
  sync: (handle) => fdatasyncSync(handle),
  truncate: (handle, length) => ftruncateSync(handle, length),
  close: (handle) => closeSync(handle),
  rename: (from, to) => renameSync(from, to),
  remove: (path) => rmSync(path, { force: true }),
  syncDirectory(path) {
    // Windows has no such call, and makes directory changes durable itself.
    if (process.platform === 'win32') return;
    const handle = openSync(path, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  },
};
