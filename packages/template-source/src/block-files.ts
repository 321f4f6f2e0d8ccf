import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TEMPLATE_SOURCE_LIMITS as LIMITS } from './limits.ts';

/** Keeps whole blocks, so that a node that has lost one gets it again after a restart too. Hashes as explorers show them. */
export interface BlockStore {
  save(hash: string, block: Uint8Array): Promise<void>;
  load(hash: string): Promise<Uint8Array | undefined>;
  remove(hash: string): Promise<void>;
}

/** One file for each block, in hex, as `bitcoin-cli -stdin submitblock` reads it. */
export class BlockFiles implements BlockStore {
  readonly #folder: string;

  /** @param folder made when it is first needed */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async save(hash: string, block: Uint8Array): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const partial = `${this.#file(hash)}.partial`;
    {
      await using handle = await open(partial, 'w');
      await handle.writeFile(`${Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('hex')}\n`);
      await handle.sync();
    }
    await rename(partial, this.#file(hash));
    await this.#makeRoom();
  }

  async load(hash: string): Promise<Uint8Array | undefined> {
    try {
      return Uint8Array.from(Buffer.from((await readFile(this.#file(hash), 'utf8')).trim(), 'hex'));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async remove(hash: string): Promise<void> {
    await rm(this.#file(hash), { force: true });
  }

  /** Of blocks that nobody follows any more, as after a start without a database, the oldest go. */
  async #makeRoom(): Promise<void> {
    const names = await readdir(this.#folder);
    if (names.length <= LIMITS.blockFiles) return;
    const paths = names.map((name) => join(this.#folder, name));
    const files = await Promise.all(paths.map(async (path) => ({ path, writtenMs: await writtenMs(path) })));
    const oldest = files.toSorted((a, b) => a.writtenMs - b.writtenMs).slice(0, names.length - LIMITS.blockFiles);
    for (const { path } of oldest) await rm(path, { force: true });
  }

  #file(hash: string): string {
    return join(this.#folder, `${hash}.hex`);
  }
}

/** 0 of a file that another save has just renamed or removed. */
async function writtenMs(path: string): Promise<number> {
  return await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}
