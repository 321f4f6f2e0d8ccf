import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '@sv2kit/bitcoind';
import { writeSecretFile } from '@sv2kit/daemon';
import { formatUrl, publicKeyOf } from '@sv2kit/noise';
import { MeasuredProcess, type MeasuredOptions } from './measured-process.ts';
import type { TemplateSource } from './template-source.ts';

/** Easier than any target, so that no share misses it; a miner's max_target bounds it. */
const EASIEST = 1e-12;
const MAIN = new URL('./pool-main.ts', import.meta.url);

export interface PoolProcessOptions {
  readonly templates: TemplateSource;
  /** Wanted shares per minute of one channel; high, so that nothing makes the targets harder. */
  readonly sharesPerMinute?: number;
  /** Of every channel, always; any hash is a share when absent. Of 2 ** -32 * n, each n-th hash is one. */
  readonly difficulty?: number;
  /** Writes a CPU profile into this folder. */
  readonly profile?: string | undefined;
}

/** A pool as operators run it, in a process of its own: its journal on disk, its miners over Noise. */
export class PoolProcess extends MeasuredProcess {
  readonly port: number;
  readonly authority: Uint8Array;
  readonly #folder: string;

  constructor(options: MeasuredOptions, place: { port: number; folder: string }, authority: Uint8Array) {
    super(options);
    this.port = place.port;
    this.#folder = place.folder;
    this.authority = authority;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true });
  }
}

export async function startPool(options: PoolProcessOptions): Promise<PoolProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'sv2kit-bench-'));
  const [port = 0, monitoringPort = 0] = await freePorts(2);
  const monitoring = `127.0.0.1:${monitoringPort}`;
  const secret = new Uint8Array(randomBytes(32));
  writeSecretFile(join(folder, 'authority.key'), 'authority-secret', secret, []);
  const file = join(folder, 'pool.toml');
  writeFileSync(file, toml(options, { port, monitoring, folder }));
  const { profile } = options;
  const measured = { main: MAIN, args: ['--config', file], monitoring, profile };
  const pool = new PoolProcess(measured, { port, folder }, publicKeyOf(secret));
  await pool.started();
  return pool;
}

function toml(
  { templates, sharesPerMinute = 1e6, difficulty = EASIEST }: PoolProcessOptions,
  { port, monitoring, folder }: { port: number; monitoring: string; folder: string },
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
authority_secret_file = "${folder}/authority.key"
[[template_providers]]
url = "${url}"
[coinbase]
descriptor = "raw(51)"
[mining]
shares_per_minute = ${sharesPerMinute}
min_difficulty = ${difficulty}
refresh_interval = 3600
`;
}
