import { randomBytes } from 'node:crypto';
import { accessSync, constants, linkSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError } from '../config/problem.ts';
import { isReadableByOthers, KeyFileError, readKeyFileText, systemReason } from '../identity/key-file.ts';

const KEY_SIZE = 32;
const COMMENT = "# Seals a job declarator's tokens: its pool must have the same file. Nobody else may read it.";

export interface TokenKeyOptions {
  /** The key of the configuration that names the file. */
  readonly key?: string;
  readonly random?: (size: number) => Uint8Array;
}

/**
 * The key that a job declarator server seals its tokens with, and that its pool knows them by (§6.4.5): 32 bytes from a
 * file that only its owner may read. Where there is no file one is made, by whichever of the two is started first; it
 * lasts, so that tokens outlive a restart.
 *
 * @throws ConfigError in one sentence, when the file cannot be made or used
 */
export function tokenKey(file: string, options: TokenKeyOptions = {}): Uint8Array {
  const { key = 'job_declaration.token_key_file', random = randomBytes } = options;
  try {
    return read(file) ?? create(file, new Uint8Array(random(KEY_SIZE)));
  } catch (cause) {
    if (!(cause instanceof KeyFileError)) throw cause;
    throw new ConfigError([{ source: '', key, wrong: cause.message }], { cause });
  }
}

/** What is wrong with the file, or with the folder that it would be made in; makes nothing. */
export function tokenKeyFault(file: string): string | undefined {
  try {
    if (read(file) === undefined) accessSync(dirname(file), constants.W_OK);
    return undefined;
  } catch (cause) {
    return cause instanceof KeyFileError ? cause.message : `${file}: cannot be made: ${systemReason(cause)}`;
  }
}

/** @returns undefined where there is no file */
function read(file: string): Uint8Array | undefined {
  let text: string;
  try {
    text = readKeyFileText(file);
  } catch (error) {
    const cause = error instanceof KeyFileError ? error.cause : undefined;
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw error;
  }
  if (isReadableByOthers(file)) {
    throw new KeyFileError(file, 'may be read by others, who could declare jobs with it: chmod 600 it, or delete it');
  }
  const lines = text.split('\n').map((line) => line.trim());
  const [content = '', ...more] = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const hex = /^job-token-key\s+([0-9a-f]*)$/i.exec(content)?.[1];
  if (hex === undefined || more.length > 0) {
    throw new KeyFileError(file, 'does not hold one line that begins with job-token-key');
  }
  if (hex.length !== KEY_SIZE * 2) {
    throw new KeyFileError(file, `its job-token-key is ${hex.length} hexadecimal digits long, not ${KEY_SIZE * 2}`);
  }
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

/** Appears at once and whole: pool and declarator may be started at the same time. */
function create(file: string, key: Uint8Array): Uint8Array {
  const draft = `${file}.${process.pid}.new`;
  try {
    writeFileSync(draft, `${COMMENT}\njob-token-key ${Buffer.from(key).toString('hex')}\n`, {
      mode: 0o600,
      flag: 'wx',
    });
  } catch (cause) {
    throw new KeyFileError(file, `cannot be made: ${systemReason(cause)}`, { cause });
  }
  try {
    linkSync(draft, file);
    return key;
  } catch (cause) {
    const other = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST' ? read(file) : undefined;
    if (other === undefined) throw new KeyFileError(file, `cannot be made: ${systemReason(cause)}`, { cause });
    return other;
  } finally {
    unlinkSync(draft);
  }
}
