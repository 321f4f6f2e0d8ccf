import { mkdir, open, readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { displayHash } from '@sv2kit/bitcoin';

const SUFFIX = '.block';

/** Solved blocks on disk: one file each, named by its hash, holding the serialized block. */
export class SolvedBlocks {
  readonly #folder: string;

  /** @param folder made when it is first needed */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Writes a block and syncs it; resolves to the file. A file is whole or not there. */
  async save(hash: Uint8Array, block: Uint8Array): Promise<string> {
    await mkdir(this.#folder, { recursive: true });
    const file = join(this.#folder, `${displayHash(hash)}${SUFFIX}`);
    const partial = `${file}.partial`;
    await writeSynced(partial, block);
    await rename(partial, file);
    await syncFolder(this.#folder);
    return file;
  }

  /** The blocks saved since `sinceMs` (unix ms), oldest first. */
  async *recent(sinceMs: number): AsyncGenerator<Uint8Array> {
    const files = [];
    for (const name of await this.#names()) {
      const file = join(this.#folder, name);
      const { mtimeMs } = await stat(file);
      if (mtimeMs >= sinceMs) files.push({ file, mtimeMs });
    }
    for (const { file } of files.toSorted((a, b) => a.mtimeMs - b.mtimeMs)) yield await readFile(file);
  }

  async #names(): Promise<readonly string[]> {
    try {
      const names = await readdir(this.#folder);
      return names.filter((name) => name.endsWith(SUFFIX));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  }
}

async function writeSynced(file: string, bytes: Uint8Array): Promise<void> {
  await using handle = await open(file, 'w');
  await handle.writeFile(bytes);
  await handle.sync();
}

/** Without it a name may be gone with the power, however well the bytes are kept. */
async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}
