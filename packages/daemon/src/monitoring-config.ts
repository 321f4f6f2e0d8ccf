import { type Address, isLoopback } from './config/address.ts';
import type { Mismatch } from './config/config.ts';
import { checkToken, readToken } from './token-file.ts';

const KEY = 'monitoring_token_file';

interface MonitoringConfig {
  readonly monitoring: Address | undefined;
  readonly monitoringTokenFile: string | undefined;
}

/** Finds a surface that everybody could read, and a token that cannot be used. */
export function checkMonitoring({ monitoring, monitoringTokenFile }: MonitoringConfig): Mismatch[] {
  const exposed = monitoring === undefined || isLoopback(monitoring) ? undefined : monitoring;
  return checkToken(KEY, monitoringTokenFile, exposed);
}

/** The token of a configuration that was checked; undefined where none is wanted. */
export function monitoringToken({ monitoringTokenFile }: MonitoringConfig): string | undefined {
  return readToken(KEY, monitoringTokenFile);
}
