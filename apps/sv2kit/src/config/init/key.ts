import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readSecretFile, writeSecretFile } from '@sv2kit/daemon';
import { formatAuthorityKey, publicKeyOf } from '@sv2kit/noise';

/** The public key of the secret in a file, x-only, 32 bytes; undefined without the file. @throws KeyFileError */
export function authorityIn(file: string): Uint8Array | undefined {
  return existsSync(file) ? publicKeyOf(readSecretFile(file, 'authority-secret')) : undefined;
}

/** The same; makes the key where there is none. */
export function authorityMadeIn(file: string): { readonly authority: Uint8Array; readonly isNew: boolean } {
  const known = authorityIn(file);
  if (known !== undefined) return { authority: known, isNew: false };
  const secret = Uint8Array.from(randomBytes(32));
  const authority = publicKeyOf(secret);
  writeSecretFile(file, 'authority-secret', secret, [
    'Secret key of an authority. Whoever has it can pose as its servers: keep it.',
    `Public key: ${formatAuthorityKey(authority)}`,
  ]);
  return { authority, isNew: true };
}
