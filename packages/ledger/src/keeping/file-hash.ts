import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** In hexadecimal. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Length and SHA-256 of a file, whatever its size. */
export async function fileHash(path: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  const part = new Uint8Array(0x10_0000);
  let bytes = 0;
  await using file = await open(path);
  for (;;) {
    const { bytesRead } = await file.read(part, 0, part.length);
    if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') };
    hash.update(part.subarray(0, bytesRead));
    bytes += bytesRead;
  }
}
