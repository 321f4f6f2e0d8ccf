import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import {
  type Certificate,
  decodeCertificate,
  encodeCertificate,
  formatAuthorityKey,
  NoiseError,
  parseAuthorityKey,
} from '@sv2kit/noise';

/** A key or certificate file cannot be used; the message names the file and what was wrong. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
  readonly file: string;

  constructor(file: string, wrong: string, options?: ErrorOptions) {
    super(`${file}: ${wrong}`, options);
    this.file = file;
  }
}

/** Whose secret a key file holds: an authority's, which signs, or a role's static one, which is signed. */
export type SecretKind = 'authority-secret' | 'static-secret';

/** A certificate with what is needed to check it: whose key it is for, and who signed it. */
export interface CertificateFile {
  readonly certificate: Certificate;
  /** x-only, 32 bytes. */
  readonly staticPublicKey: Uint8Array;
  /** x-only, 32 bytes. */
  readonly authorityPublicKey: Uint8Array;
}

const OWNER_ONLY = 0o600;
const ANYONE_ELSE = 0o077;

/** Writes a secret that only its owner may read. Never overwrites: a lost key cannot be replaced. */
export function writeSecretFile(file: string, kind: SecretKind, secret: Uint8Array, comments: readonly string[]): void {
  write(file, [...comments.map((line) => `# ${line}`), `${kind} ${hex(secret)}`], { mode: OWNER_ONLY, flag: 'wx' });
}

/** Reads a secret of that kind, 32 bytes. */
export function readSecretFile(file: string, kind: SecretKind): Uint8Array {
  const entries = parse(readKeyFileText(file));
  const other = kind === 'authority-secret' ? 'static-secret' : 'authority-secret';
  if (entries.has(other) && !entries.has(kind))
    throw new KeyFileError(file, `holds the ${other} of something, not the ${kind} wanted here`);
  return bytesOf(file, entries, kind, 32);
}

/** Whether somebody besides the owner may read the file. */
export function isReadableByOthers(file: string): boolean {
  return process.platform !== 'win32' && (statSync(file).mode & ANYONE_ELSE) !== 0;
}

/** A certificate file's text. */
export function formatCertificateFile({ certificate, staticPublicKey, authorityPublicKey }: CertificateFile): string {
  return [
    `# Valid from ${date(certificate.validFrom)} to ${date(certificate.notValidAfter)}. Nothing in here is secret.`,
    `certificate ${hex(encodeCertificate(certificate))}`,
    `static-key ${hex(staticPublicKey)}`,
    `authority ${formatAuthorityKey(authorityPublicKey)}`,
    '',
  ].join('\n');
}

/** Writes a certificate, replacing an older one at once: a service that reads it never sees half of it. */
export function writeCertificateFile(file: string, content: CertificateFile): void {
  const fresh = `${file}.new`;
  write(fresh, [formatCertificateFile(content).trimEnd()], {});
  renameSync(fresh, file);
}

/** Reads a certificate; says nothing about whether it is good. */
export function readCertificateFile(file: string): CertificateFile {
  return parseCertificateFile(file, readKeyFileText(file));
}

/** As `readCertificateFile`, with the file's text at hand. */
export function parseCertificateFile(file: string, text: string): CertificateFile {
  const entries = parse(text);
  const authority = entries.get('authority');
  if (authority === undefined) throw new KeyFileError(file, 'has no line that begins with authority');
  try {
    return {
      certificate: decodeCertificate(bytesOf(file, entries, 'certificate', 74)),
      staticPublicKey: bytesOf(file, entries, 'static-key', 32),
      authorityPublicKey: parseAuthorityKey(authority),
    };
  } catch (cause) {
    if (!(cause instanceof NoiseError)) throw cause;
    throw new KeyFileError(file, cause.message, { cause });
  }
}

/** The text of a key or certificate file. */
export function readKeyFileText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new KeyFileError(file, systemReason(cause), { cause });
  }
}

/** Lines of `name value`; empty lines and those that begin with # are skipped. */
function parse(text: string): Map<string, string> {
  const lines = text.split('\n').map((line) => line.trim());
  const entries = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(entries.map((line) => [line.split(/\s+/)[0] ?? '', line.split(/\s+/)[1] ?? '']));
}

function write(file: string, lines: readonly string[], options: { mode?: number; flag?: string }): void {
  try {
    writeFileSync(file, `${lines.join('\n')}\n`, options);
  } catch (cause) {
    throw new KeyFileError(file, systemReason(cause), { cause });
  }
}

/** Why the system refused, for a person. */
export function systemReason(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT') return 'there is no such file or folder';
  if (code === 'EEXIST') return 'exists already and is not overwritten';
  if (code === 'EISDIR') return 'is a folder, not a file';
  if (code === 'ENOSPC') return 'cannot be written: the disk is full';
  if (code === 'EACCES') return 'may not be read or written by this user';
  return String(cause);
}

function bytesOf(file: string, entries: ReadonlyMap<string, string>, name: string, length: number): Uint8Array {
  const text = entries.get(name);
  if (text === undefined) throw new KeyFileError(file, `has no line that begins with ${name}`);
  if (!new RegExp(`^[0-9a-f]{${length * 2}}$`, 'i').test(text)) {
    throw new KeyFileError(file, `its ${name} is not ${length * 2} hexadecimal digits`);
  }
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function date(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().replace('.000Z', 'Z');
}
