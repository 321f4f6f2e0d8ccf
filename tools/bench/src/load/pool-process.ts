import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from '@sv2kit/bitcoind';
import { type StatusReport, writeSecretFile } from '@sv2kit/daemon';
import { formatUrl, publicKeyOf } from '@sv2kit/noise';
import type { Ask, Memory, Usage } from './pool-main.ts';
import type { TemplateSource } from './template-source.ts';

const MAIN = fileURLToPath(new URL('./pool-main.ts', import.meta.url));
const START_TRIES = 300;
const START_POLL_MS = 100;

export interface PoolProcessOptions {
  readonly templates: TemplateSource;
  /** Wanted shares per minute of one channel; high, so that nothing makes the targets harder. */
  readonly sharesPerMinute?: number;
  /** Writes a CPU profile into this folder. */
  readonly profile?: string | undefined;
}

/** A pool as operators run it, in a process of its own: its journal on disk, its miners over Noise. */
export class PoolProcess implements AsyncDisposable {
  readonly port: number;
  readonly authority: Uint8Array;
  readonly #child: ChildProcess;
  readonly #monitoring: string;
  readonly #folder: string;

  constructor(child: ChildProcess, place: { port: number; monitoring: string; folder: string }, authority: Uint8Array) {
    this.#child = child;
    this.port = place.port;
    this.#monitoring = place.monitoring;
    this.#folder = place.folder;
    this.authority = authority;
  }

  /** Latencies and usage count from now on. */
  async begin(): Promise<void> {
    await this.#ask('begin');
  }

  async usage(): Promise<Usage> {
    return (await this.#ask('usage')) as Usage;
  }

  async memory(): Promise<Memory> {
    return (await this.#ask('memory')) as Memory;
  }

  async status(): Promise<StatusReport> {
    const response = await fetch(`http://${this.#monitoring}/status`);
    return (await response.json()) as StatusReport;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = this.#child.exitCode === null ? once(this.#child, 'exit') : undefined;
    this.#child.kill('SIGTERM');
    await exited;
    rmSync(this.#folder, { recursive: true });
  }

  /** Until it has work for miners. */
  async started(): Promise<void> {
    for (let tries = 0; tries < START_TRIES; tries += 1) {
      if (this.#child.exitCode !== null) throw new Error(`the pool ended with ${this.#child.exitCode}`);
      const status = await this.status().catch(() => undefined);
      if (status?.state === 'ok') return;
      await sleep(START_POLL_MS);
    }
    throw new Error('the pool does not start');
  }

  async #ask(question: Ask): Promise<unknown> {
    this.#child.send(question);
    const [answer] = (await once(this.#child, 'message')) as [unknown];
    return answer;
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
  if (options.profile !== undefined) mkdirSync(options.profile, { recursive: true });
  const profile = options.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', options.profile];
  const child = fork(MAIN, ['--config', file], {
    execArgv: ['--expose-gc', ...profile],
    // What the pool has to complain about belongs beside the tables, not in them.
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  const pool = new PoolProcess(child, { port, monitoring, folder }, publicKeyOf(secret));
  await pool.started();
  return pool;
}

function toml(
  { templates, sharesPerMinute = 1e6 }: PoolProcessOptions,
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
refresh_interval = 3600
`;
}
