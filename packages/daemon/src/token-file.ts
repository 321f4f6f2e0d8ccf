import { readFileSync } from 'node:fs';
import { MONITOR_LIMITS } from '@sv2kit/monitor';
import { type Address, formatAddress } from './config/address.ts';
import type { Mismatch } from './config/config.ts';
import { ConfigError } from './config/problem.ts';
import { isReadableByOthers, systemReason } from './identity/key-file.ts';

/**
 * Finds what is wrong with the key of a token file: a token that cannot be used, or none where one is wanted.
 *
 * @param key in TOML form
 * @param exposed what others can reach and therefore wants a token
 */
export function checkToken(key: string, file: string | undefined, exposed?: Address): Mismatch[] {
  if (file !== undefined) {
    const token = readLine(key, file);
    return typeof token === 'string' ? [] : [token];
  }
  if (exposed === undefined) return [];
  const at = formatAddress(exposed);
  const wrong = `${at} can be reached from other machines, and nothing is asked of who reads there: ${makeOne(key)}`;
  return [{ key, wrong: `is missing: ${wrong}`, example: example(key) }];
}

/** The token of a configuration that was checked; undefined where none is wanted. @throws ConfigError */
export function readToken(key: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  const token = readLine(key, file);
  if (typeof token === 'string') return token;
  throw new ConfigError([{ source: '', ...token }]);
}

/** `monitoring.token` of the key `monitoring_token_file`, `dashboard.token` of `token_file`. */
function fileOf(key: string): string {
  return key === 'token_file' ? 'dashboard.token' : 'monitoring.token';
}

function makeOne(key: string): string {
  return `make one with: (umask 077; openssl rand -hex 32 > ${fileOf(key)})`;
}

function example(key: string): string {
  return `${key.split('.').at(-1)} = "${fileOf(key)}"`;
}

/** The one line of the file, or what is wrong with it. */
function readLine(key: string, file: string): string | Mismatch {
  const fault = (wrong: string): Mismatch => ({ key, wrong: `${file} ${wrong}`, example: example(key) });
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
    if (isReadableByOthers(file)) return fault('may be read by others: chmod 600 it');
  } catch (cause) {
    return fault(`cannot be read: ${systemReason(cause)}; ${makeOne(key)}`);
  }
  if (!/^[\x21-\x7e]*$/.test(token)) return fault('holds more than one word of printable ASCII');
  const least = MONITOR_LIMITS.leastTokenLength;
  if (token.length < least)
    return fault(`holds a token of ${token.length} characters, not ${least} or more: ${makeOne(key)}`);
  return token;
}
