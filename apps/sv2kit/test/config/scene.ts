import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { configuredRoles } from '../../src/config/configured-roles.ts';

// Loaded before the first test: its time is not for that.
await Promise.all(configuredRoles.map(({ config }) => config()));

/** BIP173's example key: an address on every chain. */
export const ADDRESS = {
  mainnet: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
  regtest: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
  signet: 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx',
};

/** A folder to work in, which is the home too: no node of the machine is seen from there. */
export function workplace(...chains: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'sv2kit-config-'));
  for (const chain of chains) mkdirSync(join(folder, '.bitcoin', chain), { recursive: true });
  vi.stubEnv('HOME', folder);
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });
  return folder;
}
