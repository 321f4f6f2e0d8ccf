import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readSecretFile, type SecretKind, writeCertificateFile, writeSecretFile } from '@sv2kit/daemon';
import { certificateValidity, issueCertificate, publicKeyOf } from '@sv2kit/noise';

/** A listening role's files. */
export interface RoleKeyFiles {
  readonly staticKeyFile: string;
  readonly certificateFile: string;
}

/** The stack's own authority, and what it has signed. */
export interface StackKeys {
  /** x-only, 32 bytes: what clients are configured with. */
  readonly authority: Uint8Array;
  readonly roles: ReadonlyMap<string, RoleKeyFiles>;
}

const LIFETIME_SECONDS = 365 * 86_400;

/** Makes the keys that are missing below `folder` and a fresh certificate for each role. */
export function createStackKeys(folder: string, roles: readonly string[], nowMs: number): StackKeys {
  const authoritySecret = secretIn(join(folder, 'authority.key'), 'authority-secret', [
    'The authority of this stack: it has signed the static keys beside it.',
  ]);
  const authority = publicKeyOf(authoritySecret);
  const files = roles.map((role): [string, RoleKeyFiles] => {
    const staticKeyFile = join(folder, `${role}.key`);
    const certificateFile = join(folder, `${role}.cert`);
    const staticPublicKey = publicKeyOf(secretIn(staticKeyFile, 'static-secret', [`The static key of the ${role}.`]));
    const certificate = issueCertificate({
      authoritySecret,
      staticPublicKey,
      ...certificateValidity(Math.floor(nowMs / 1000), LIFETIME_SECONDS),
      auxRand: randomBytes(32),
    });
    writeCertificateFile(certificateFile, { certificate, staticPublicKey, authorityPublicKey: authority });
    return [role, { staticKeyFile, certificateFile }];
  });
  return { authority, roles: new Map(files) };
}

function secretIn(file: string, kind: SecretKind, comments: readonly string[]): Uint8Array {
  if (!existsSync(file)) writeSecretFile(file, kind, Uint8Array.from(randomBytes(32)), comments);
  return readSecretFile(file, kind);
}
