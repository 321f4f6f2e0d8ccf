import type { Connections, Events, RoleApi } from '@sv2kit/monitor';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { Health } from './health.ts';
import type { Latencies } from './latency.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** Stops the whole service when it is thrown outside any call that could answer it: a broken ledger, for one. */
export class FatalError extends Error {
  override readonly name = 'FatalError';
}

/** What a service is given to run with. */
export interface ServiceDeps {
  readonly name: string;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly latencies: Latencies;
  /** What happens, for who listens at /api/v1/events and for notifications. */
  readonly events: Events;
  /** Where connections are announced that can be watched at /api/v1/connections. */
  readonly connections?: Connections | undefined;
  readonly clock: Clock;
  /** Aborted when the service shall stop, its peers told; `close()` is called then too. */
  readonly signal: AbortSignal;
  /** The service has done what it was for: stop with exit code 0. */
  finish(): void;
  /** The service cannot go on: stop with exit code 1. */
  fail(error: Error): void;
}

/** Makes what was prepared so. */
export type Apply = () => void;

/** A running service. `C` is its configuration. */
export interface Service<C = never> {
  /**
   * Takes leave of its peers in order before `close()`: takes no more of them, tells those it has to come back, and
   * finishes what they have sent. Resolves when nothing is left to finish; whatever is not by then is cut off.
   *
   * @param untilMs when it has to be over: unix milliseconds of `deps.clock`
   */
  drain?(untilMs: number): Promise<void>;
  /**
   * Prepares to go on with another configuration, in which only keys that are declared as `reloadable` differ, and
   * with the files that it names as they are now. What it returns applies that, and cannot fail.
   *
   * @throws ConfigError when that cannot be: everything stays as it is
   */
  reload?(next: C): Apply | Promise<Apply>;
  /** Ends everything it opened; resolves when nothing is left running. */
  close(): Promise<void>;
  /** Facts of its own for /status. */
  status?(): Readonly<Record<string, unknown>>;
  /** What it answers below /api/v1. */
  api?(): RoleApi;
}

/** A role: what `run` needs to turn it into a process. */
export interface ServiceDefinition<T> {
  /** kebab-case, e.g. `template-provider`; also in the environment prefix `SV2KIT_TEMPLATE_PROVIDER__`. */
  readonly name: string;
  /** One sentence for `--help`. */
  readonly summary?: string;
  readonly config: Config<T>;
  readonly start: (config: T, deps: ServiceDeps) => Promise<Service<T>> | Service<T>;
}
