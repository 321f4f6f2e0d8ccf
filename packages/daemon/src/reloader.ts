import type { Events } from '@sv2kit/monitor';
import type { Config } from './config/config.ts';
import { changesOf, takeReloadable } from './config/changes.ts';
import { ConfigError, formatProblem, type Problem } from './config/problem.ts';
import type { Logger } from './logger.ts';
import type { Counter, Metrics } from './metrics.ts';
import { fileProblems } from './named-files.ts';
import type { Apply } from './service.ts';

/** What came of a reload. */
export type ReloadResult = 'applied' | 'unchanged' | 'refused';

export interface ReloaderOptions<T extends object> {
  readonly config: Config<T>;
  /** What the service runs with. */
  current(): T;
  /** Reads file and environment again. @throws ConfigError */
  read(): T;
  /** Prepares everything that takes another value up. @throws ConfigError */
  prepare(next: T): Promise<Apply>;
  /** Whether it still matters when everything is prepared: it does not when the service stops meanwhile. */
  isWanted(): boolean;
  readonly log: Logger;
  readonly events: Events;
  readonly metrics: Metrics;
}

/** Takes up a changed configuration while the service runs: all of what can be, or nothing where anything is wrong. */
export class Reloader<T extends object> {
  readonly #options: ReloaderOptions<T>;
  readonly #results: Counter;
  #busy = false;
  #again = false;

  constructor(options: ReloaderOptions<T>) {
    this.#options = options;
    this.#results = options.metrics.counter(
      'sv2_config_reloads_total',
      'Times that the configuration was read again.',
      ['result'],
    );
    for (const result of ['applied', 'unchanged', 'refused']) this.#results.inc({ result }, 0);
  }

  /** Whether one is under way. */
  get isBusy(): boolean {
    return this.#busy;
  }

  /** Reads and applies; one that is asked for meanwhile follows. Never rejects. */
  async run(): Promise<void> {
    this.#again = true;
    if (this.#busy) return;
    this.#busy = true;
    while (this.#again) {
      this.#again = false;
      const result = await this.#once();
      this.#results.inc({ result });
    }
    this.#busy = false;
  }

  async #once(): Promise<ReloadResult> {
    const { config, log, events } = this.#options;
    try {
      const before = this.#options.current();
      const read = this.#options.read();
      const changes = changesOf(config.fields, before, read);
      const applied = changes.filter(({ reloadable }) => reloadable).map(({ key }) => key);
      const needsRestart = changes.filter(({ reloadable }) => !reloadable).map(({ key }) => key);
      const next = takeReloadable(config.fields, before, read);
      refuse([...together(config, next, needsRestart), ...fileProblems(next)]);
      const apply = await this.#options.prepare(next);
      if (!this.#options.isWanted()) return stopping(log);
      apply();
      const result = changes.length === 0 ? 'unchanged' : 'applied';
      const fields = { applied, ...(needsRestart.length > 0 && { needsRestart }) };
      log.info('the configuration was read again', { result, ...fields });
      events.emit({ type: 'reload', result, applied, needsRestart });
      return result;
    } catch (error) {
      const problems = error instanceof ConfigError ? error.problems.map(formatProblem) : [messageOf(error)];
      const stack = error instanceof ConfigError ? {} : { error };
      log.error('the configuration cannot be used: everything stays as it is', { problems, ...stack });
      events.emit({ type: 'reload', result: 'refused', applied: [], needsRestart: [], reason: problems.join('; ') });
      return 'refused';
    }
  }
}

/** What would be wrong because other changes wait for a restart. */
function together<T>(config: Config<T>, next: T, needsRestart: readonly string[]): readonly Problem[] {
  const wait = needsRestart.length === 0 ? '' : ` (until a restart, for ${needsRestart.join(', ')} wait for one)`;
  return config.check(next).map((mismatch) => ({ source: '', ...mismatch, wrong: `${mismatch.wrong}${wait}` }));
}

function stopping(log: Logger): ReloadResult {
  log.info('the configuration is not taken up: the service stops');
  return 'refused';
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new ConfigError(problems);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
