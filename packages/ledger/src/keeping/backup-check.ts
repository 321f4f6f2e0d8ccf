import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileHash } from './file-hash.ts';
import type { Finding } from './journal-check.ts';
import { MANIFEST, type Manifest } from './manifest.ts';

/** Holds the files of a backup against its manifest. */
export async function checkFiles(directory: string, manifest: Manifest): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { path, bytes, sha256 } of manifest.files) {
    const finding = await checkFile(directory, path, bytes, sha256);
    if (finding !== undefined) findings.push(finding);
  }
  const known = new Set([MANIFEST, ...manifest.files.map(({ path }) => path)]);
  for (const path of await filesBelow(directory)) {
    if (!known.has(path)) findings.push({ code: 'file-strange', where: path, text: `${path} is not in the manifest` });
  }
  return findings;
}

async function checkFile(directory: string, path: string, bytes: number, sha256: string): Promise<Finding | undefined> {
  try {
    const found = await fileHash(join(directory, path));
    if (found.sha256 === sha256) return undefined;
    const size =
      found.bytes === bytes ? 'as long as it was, but with other content' : `${found.bytes} of ${bytes} bytes`;
    return { code: 'file-differs', where: path, text: `${path} is ${size}` };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const reason = error.code === 'ENOENT' ? 'is not there' : `cannot be read (${String(error.code)})`;
    return { code: 'file-missing', where: path, text: `${path} ${reason}` };
  }
}

async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'));
}
