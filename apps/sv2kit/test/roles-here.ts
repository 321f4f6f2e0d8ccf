import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Config,
  createMetrics,
  Health,
  Latencies,
  type LogFields,
  type Logger,
  parseConfig,
  type Service,
  type ServiceDeps,
  systemClock,
  writeSecretFile,
} from '@sv2kit/daemon';
import { Events } from '@sv2kit/monitor';

/** Lines that were logged, and those to come. */
export class Lines {
  readonly #lines: { readonly message: string; readonly fields: LogFields }[] = [];
  readonly #waiting = new Set<() => void>();

  logger(bound: LogFields = {}): Logger {
    const write = (message: string, fields: LogFields = {}): void => {
      this.#lines.push({ message, fields: { ...bound, ...fields } });
      for (const look of this.#waiting) look();
    };
    return { debug() {}, info: write, warn: write, error: write, child: (more) => this.logger({ ...bound, ...more }) };
  }

  /** Resolves to the first line with this message and these fields, said or still to be said. */
  until(message: string, fields: LogFields = {}): Promise<LogFields> {
    const { promise, resolve } = Promise.withResolvers<LogFields>();
    const look = (): void => {
      const line = this.#lines.find(
        (candidate) =>
          candidate.message === message && Object.entries(fields).every(([name, is]) => candidate.fields[name] === is),
      );
      if (line === undefined) return;
      this.#waiting.delete(look);
      resolve(line.fields);
    };
    this.#waiting.add(look);
    look();
    return promise;
  }
}

/** A role in this process. */
export interface RoleHere<S extends Service> extends AsyncDisposable {
  readonly service: S;
  readonly lines: Lines;
  readonly health: Health;
}

export async function startRole<T, S extends Service>(
  name: string,
  config: Config<T>,
  toml: string,
  create: (config: T, deps: ServiceDeps) => Promise<S>,
): Promise<RoleHere<S>> {
  const lines = new Lines();
  const health = new Health(systemClock);
  const service = await create(parseConfig(config, toml, { name }), {
    name,
    log: lines.logger(),
    metrics: createMetrics(),
    health,
    latencies: new Latencies(),
    events: new Events({ now: () => systemClock.now() }),
    clock: systemClock,
    signal: new AbortController().signal,
    finish: () => {},
    fail: () => {},
  });
  health.started();
  return { service, lines, health, [Symbol.asyncDispose]: async () => await service.close() };
}

/** A folder for a role's data with a key in it, and the lines of a configuration that say so. */
export function ownFolder(below: string): { readonly dataDir: string; readonly identity: string } {
  const folder = mkdtempSync(join(below, 'role-'));
  const file = join(folder, 'authority.key');
  writeSecretFile(file, 'authority-secret', new Uint8Array(32).fill(7), []);
  return { dataDir: `data_dir = ${quoted(folder)}`, identity: `authority_secret_file = ${quoted(file)}` };
}

export function quoted(text: string): string {
  return JSON.stringify(text);
}
