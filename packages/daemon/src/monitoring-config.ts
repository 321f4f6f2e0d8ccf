import { readFileSync } from 'node:fs';
import { MONITOR_LIMITS } from '@sv2kit/monitor';
import { type Address, formatAddress, isLoopback } from './config/address.ts';
import type { Mismatch } from './config/config.ts';
import { ConfigError } from './config/problem.ts';
import { isReadableByOthers, systemReason } from './identity/key-file.ts';

const KEY = 'monitoring_token_file';
const EXAMPLE = `${KEY} = "monitoring.token"`;
const MAKE_ONE = 'make one with: (umask 077; openssl rand -hex 32 > monitoring.token)';

interface MonitoringConfig {
  readonly monitoring: Address | undefined;
  readonly monitoringTokenFile: string | undefined;
}

/** Finds a surface that everybody could read, and a token that cannot be used. */
export function checkMonitoring({ monitoring, monitoringTokenFile }: MonitoringConfig): Mismatch[] {
  if (monitoringTokenFile !== undefined) {
    const token = readToken(monitoringTokenFile);
    return typeof token === 'string' ? [] : [token];
  }
  if (monitoring === undefined || isLoopback(monitoring)) return [];
  const at = formatAddress(monitoring);
  const wrong = `${at} can be reached from other machines, and nothing is asked of who reads there: ${MAKE_ONE}`;
  return [{ key: KEY, wrong: `is missing: ${wrong}`, example: EXAMPLE }];
}

/** The token of a configuration that was checked; undefined where none is wanted. */
export function monitoringToken({ monitoringTokenFile }: MonitoringConfig): string | undefined {
  if (monitoringTokenFile === undefined) return undefined;
  const token = readToken(monitoringTokenFile);
  if (typeof token === 'string') return token;
  throw new ConfigError([{ source: '', ...token }]);
}

/** The one line of the file, or what is wrong with it. */
function readToken(file: string): string | Mismatch {
  const fault = (wrong: string): Mismatch => ({ key: KEY, wrong: `${file} ${wrong}`, example: EXAMPLE });
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
    if (isReadableByOthers(file)) return fault('may be read by others: chmod 600 it');
  } catch (cause) {
    return fault(`cannot be read: ${systemReason(cause)}; ${MAKE_ONE}`);
  }
  if (!/^[\x21-\x7e]*$/.test(token)) return fault('holds more than one word of printable ASCII');
  const least = MONITOR_LIMITS.leastTokenLength;
  if (token.length < least)
    return fault(`holds a token of ${token.length} characters, not ${least} or more: ${MAKE_ONE}`);
  return token;
}
