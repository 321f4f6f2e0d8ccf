// A Prometheus of one's own, which looks at roles as an operator's does and evaluates the rules that are delivered.
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Why tests with it are skipped where {@link findPrometheus} finds none. */
export const NO_PROMETHEUS = 'no Prometheus: install it (Debian: apt-get install prometheus)';

const RULES = fileURLToPath(new URL('../../deploy/prometheus/alerts.yml', import.meta.url));

/** The program on the PATH, if it is there. */
export function findPrometheus(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return (env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'prometheus'))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

interface Rule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

/** A running Prometheus. */
export class Prometheus implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #base: string;

  private constructor(process: ChildProcess, base: string) {
    this.#process = process;
    this.#base = base;
  }

  /** @param targets `HOST:PORT` of roles; `folder` is its own */
  static async start(program: string, folder: string, targets: readonly string[]): Promise<Prometheus> {
    mkdirSync(folder, { recursive: true });
    cpSync(RULES, join(folder, 'alerts.yml'));
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: ['alerts.yml'],
      scrape_configs: [{ job_name: 'sv2kit', static_configs: [{ targets }] }],
    };
    // YAML takes JSON.
    writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
    const address = `127.0.0.1:${await freePort()}`;
    const argv = ['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=${address}`];
    return new Prometheus(spawn(program, argv, { cwd: folder, stdio: 'ignore' }), `http://${address}`);
  }

  /** Addresses of roles that answered. */
  async up(): Promise<readonly string[]> {
    const answer = await this.query('up == 1').catch(() => []);
    return answer.map(({ metric }) => metric['instance'] ?? '').toSorted();
  }

  /** @throws Error with Prometheus' own words for an expression that it refuses */
  async query(expr: string): Promise<readonly { readonly metric: Readonly<Record<string, string>> }[]> {
    const { result } = await this.#ask<{ result: { metric: Record<string, string> }[] }>(
      `/api/v1/query?query=${encodeURIComponent(expr)}`,
    );
    return result;
  }

  /** Rules by what became of their last evaluation. */
  async rules(): Promise<readonly Rule[]> {
    const { groups } = await this.#ask<{ groups: { rules: Rule[] }[] }>('/api/v1/rules');
    return groups.flatMap(({ rules }) => rules);
  }

  async #ask<T>(path: string): Promise<T> {
    const answer = await fetch(this.#base + path, { signal: AbortSignal.timeout(10_000) });
    const { data, error } = (await answer.json()) as { data: T; error?: string };
    if (error !== undefined) throw new Error(error);
    return data;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return;
    const ended = new Promise<void>((resolve) => this.#process.once('exit', () => resolve()));
    this.#process.kill('SIGTERM');
    await ended;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
