import { formatUrl } from '@sv2kit/noise';
import { type Place, type PlacedProcess, startPlaced } from './placed-process.ts';
import type { TemplateSource } from './template-source.ts';

const MAIN = new URL('./pool-main.ts', import.meta.url);
/** Easier than any target, so that no share misses it; a miner's max_target bounds it. */
const EASIEST = 1e-12;

/** Where the measured pool's journal is projected to. */
export type PoolDatabase = { readonly kind: 'sqlite' | 'none' } | { readonly kind: 'postgres'; readonly url: string };

export interface PoolProcessOptions {
  readonly templates: TemplateSource;
  /** Wanted shares per minute of one channel; high, so that nothing makes the targets harder. */
  readonly sharesPerMinute?: number;
  /** Of every channel, always; any hash is a share when absent. Of 2 ** -32 * n, each n-th hash is one. */
  readonly difficulty?: number;
  /** SQLite, as operators have it, when absent. */
  readonly database?: PoolDatabase;
  /** Writes a CPU profile into this folder. */
  readonly profile?: string | undefined;
}

/** A pool as operators run it, in a process of its own: its journal on disk, its miners over Noise. */
export async function startPool(options: PoolProcessOptions): Promise<PlacedProcess> {
  return await startPlaced({ main: MAIN, toml: (place) => toml(options, place), profile: options.profile });
}

function toml(
  { templates, sharesPerMinute = 1e6, difficulty = EASIEST, database = { kind: 'sqlite' } }: PoolProcessOptions,
  { port, monitoring, folder, authoritySecretFile }: Place,
): string {
  const { keys } = templates;
  const url = formatUrl({ host: '127.0.0.1', port: templates.port, authority: keys.authority });
  return `listen = "127.0.0.1:${port}"
monitoring = "${monitoring}"
chain = "regtest"
data_dir = "${folder}/data"
[log]
level = "warn"
[identity]
authority_secret_file = "${authoritySecretFile}"
[[template_providers]]
url = "${url}"
[coinbase]
descriptor = "raw(51)"
[mining]
shares_per_minute = ${sharesPerMinute}
min_difficulty = ${difficulty}
refresh_interval = 3600
[ledger]
database = "${database.kind}"
${database.kind === 'postgres' ? `postgres_url = "${database.url}"` : ''}
`;
}
