import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Writes a block as `bitcoin-cli -stdin submitblock` reads it.
 *
 * @param hash as explorers show it
 * @returns the file
 */
export async function savedBlock(folder: string, hash: string, block: Uint8Array): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${hash}.hex`);
  const hex = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('hex');
  await writeFile(file, `${hex}\n`, { flush: true });
  return file;
}
