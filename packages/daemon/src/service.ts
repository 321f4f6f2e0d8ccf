import type { Events, RoleApi } from '@sv2kit/monitor';
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
  readonly clock: Clock;
  /** Aborted when the service shall stop; `close()` is called then too. */
  readonly signal: AbortSignal;
  /** The service has done what it was for: stop with exit code 0. */
  finish(): void;
  /** The service cannot go on: stop with exit code 1. */
  fail(error: Error): void;
}

/** A running service. */
export interface Service {
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
  readonly start: (config: T, deps: ServiceDeps) => Promise<Service> | Service;
}
