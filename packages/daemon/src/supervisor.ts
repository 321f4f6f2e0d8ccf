import { Connections, Events, type Monitor, type Notifier } from '@sv2kit/monitor';
import { Registry } from 'prom-client';
import { type Clock, systemClock } from './clock.ts';
import { ConditionLog, START_GRACE_MS } from './condition-log.ts';
import { formatAddress } from './config/address.ts';
import { destinationsOf } from './config/notifications-config.ts';
import { sameValue } from './config/changes.ts';
import { ConfigError } from './config/problem.ts';
import { dataDirProblem } from './data-dir-problem.ts';
import { Health } from './health.ts';
import { registerHealth, registerInfo, registerProcess } from './health-metrics.ts';
import type { Host } from './host.ts';
import { Latencies } from './latency.ts';
import { registerLatencies } from './latency-metric.ts';
import { listenProblem } from './listen-problem.ts';
import { type OpenLogger, openLogger } from './logger.ts';
import { LOOP_DELAY, LoopDelay } from './loop-delay.ts';
import { type Counter, createMetrics, type Metrics } from './metrics.ts';
import { monitoringToken } from './monitoring-config.ts';
import { openMonitoring, type StatusReport } from './monitoring.ts';
import { unauthenticated } from './named-files.ts';
import { programVersion } from './program-version.ts';
import { startNotifications } from './notifications.ts';
import { redactAddresses } from './redaction/addresses.ts';
import { Reloader } from './reloader.ts';
import { type Apply, FatalError, type Service, type ServiceDefinition, type ServiceDeps } from './service.ts';
import { type ServiceConfig, serviceConfig } from './service-config.ts';
import { type ServiceManager, serviceManager } from './service-manager.ts';

/** A stop that takes longer is cut off; taking leave of peers comes before it, for `drain_seconds`. */
export const STOP_LIMIT_MS = 10_000;
/** A start that takes longer can be watched over HTTP: a ledger may have a lot to read. */
export const LONG_START_MS = 5_000;

/** How a service's life ended: stopped as asked, or failed. */
export type Outcome = 'stopped' | 'failed';

type Phase = 'starting' | 'running' | 'stopping';
type End = { readonly kind: 'asked' } | { readonly kind: 'failed'; readonly error: unknown };

export interface SupervisorOptions<T> {
  readonly clock?: Clock;
  /** Reads the configuration again, at SIGHUP, which ends the service where there is nothing to read again. */
  readonly reread?: (() => T & ServiceConfig) | undefined;
  /** The folder of the built dashboard, which monitoring serves. */
  readonly page?: string | undefined;
}

/** One service from start to stop: signals, uncaught errors, monitoring and a bounded end. */
export class Supervisor<T> {
  readonly #definition: ServiceDefinition<T>;
  #values: T & ServiceConfig;
  readonly #host: Host;
  readonly #clock: Clock;
  readonly #logger: OpenLogger;
  readonly #metrics: Metrics;
  readonly #health: Health;
  readonly #latencies = new Latencies();
  readonly #events: Events;
  readonly #connections: Connections;
  readonly #loopDelay: LoopDelay;
  readonly #uncaught: Counter;
  readonly #end = Promise.withResolvers<End>();
  /** Aborted when it is to stop, and when it has taken leave of its peers. */
  readonly #ending = new AbortController();
  readonly #abort = new AbortController();
  readonly #manager: ServiceManager;
  readonly #reloader: Reloader<T & ServiceConfig> | undefined;
  /** What it started with may be older than the wish for a reload: that one waits until everything is open. */
  #reloads: 'later' | 'wanted' | 'now' = 'later';
  readonly #startedAtMs: number;
  readonly #page: string | undefined;
  #phase: Phase = 'starting';
  /** It failed after it had been asked to stop. */
  #failedLate = false;
  #service: Service<T> | undefined;
  #notifier: Notifier | undefined;
  #monitoring: Promise<Monitor | undefined> | undefined;

  constructor(
    definition: ServiceDefinition<T>,
    values: T & ServiceConfig,
    host: Host,
    { clock = systemClock, reread, page }: SupervisorOptions<T> = {},
  ) {
    this.#page = page;
    this.#definition = definition;
    this.#values = values;
    this.#host = host;
    this.#clock = clock;
    this.#startedAtMs = clock.now();
    this.#logger = openLogger({ name: definition.name, ...values.log });
    const registry = new Registry();
    registerProcess(registry);
    registerLatencies(this.#latencies, registry);
    this.#metrics = createMetrics(registry);
    this.#uncaught = this.#metrics.counter('sv2_uncaught_errors_total', 'Errors nobody caught: bugs.', ['kind']);
    this.#health = new Health(clock);
    registerHealth(this.#health, registry);
    registerInfo(definition.name, programVersion(), registry);
    this.#events = new Events({
      now: () => clock.now(),
      onError: (error) => this.#logger.log.error('a listener to events failed', { error }),
    });
    this.#connections = new Connections(() => clock.now());
    this.#health.onChange((condition) => this.#events.emit({ type: 'condition', ...condition }));
    this.#loopDelay = new LoopDelay({
      clock,
      latencies: this.#latencies,
      log: this.#logger.log,
      metrics: this.#metrics,
    });
    this.#manager = serviceManager(host.environment, this.#logger.log);
    this.#reloader = reread && this.#openReloader(reread);
  }

  /** @throws ConfigError when the service found its configuration unusable while starting, a taken port included. */
  async run(): Promise<Outcome> {
    const { log } = this.#logger;
    using _signals = this.#host.onSignal((signal) => this.#onSignal(signal));
    using _uncaught = this.#host.onUncaught((error, kind) => this.#onUncaught(error, kind));
    const conditions = new ConditionLog(this.#health, log);
    for (const key of unauthenticated(this.#values))
      log.warn('a server is not authenticated: its URL has no authority key', { key });
    try {
      // A configuration that only the service finds unusable ends it before anything listens, unless that takes long.
      await this.#start();
      await this.#monitor();
      this.#notify();
      using _grace = this.#clock.after(START_GRACE_MS, () => conditions.settle());
      if (this.#phase === 'running') this.#up();
      const end = await this.#end.promise;
      if (end.kind === 'failed') {
        log.error('the service cannot go on', { error: end.error });
        this.#notifier?.failed(end.error instanceof Error ? end.error.message : String(end.error));
      } else await this.#drain();
      const stopped = await this.#stop();
      return stopped && end.kind === 'asked' && !this.#failedLate ? 'stopped' : 'failed';
    } catch (error) {
      if (this.#service !== undefined) await this.#stop();
      if (error instanceof ConfigError) throw error;
      const fields = serviceConfig(this.#definition.config).fields;
      const problem = listenProblem(error, fields, this.#values) ?? dataDirProblem(error, this.#values);
      if (problem !== undefined) throw new ConfigError([problem], { cause: error });
      log.error('the service could not start', { error });
      return 'failed';
    } finally {
      await this.#notifier?.close();
      const monitoring = await this.#monitoring?.catch(() => undefined);
      await monitoring?.close();
      this.#loopDelay[Symbol.dispose]();
      await this.#manager.close();
      await this.#logger.close();
    }
  }

  /** starting -> running, or to stopping when the end comes first */
  async #start(): Promise<void> {
    const { start } = this.#definition;
    using _watch = this.#clock.after(LONG_START_MS, () => {
      this.#monitor().catch((error: unknown) => this.#finish({ kind: 'failed', error }));
    });
    const starting = Promise.resolve().then(() => start(this.#values, this.#deps()));
    const ended = this.#end.promise.then(() => undefined);
    this.#service = await Promise.race([starting, ended]);
    if (this.#phase === 'starting') {
      this.#phase = 'running';
      this.#health.started();
      this.#logger.log.info('started');
      return;
    }
    // Told to stop while starting: whatever it still opens is closed, whatever it throws no longer matters.
    this.#service ??= await this.#within(starting.catch(() => undefined));
  }

  /** any -> stopping */
  #finish(end: End): void {
    if (this.#phase === 'stopping' && end.kind === 'failed') {
      this.#logger.log.error('the service failed while it stopped', { error: end.error });
      this.#failedLate = true;
    }
    const isStarted = this.#phase === 'running';
    if (this.#phase !== 'stopping') this.#manager.stopping(this.#values.drainSeconds * 1000 + STOP_LIMIT_MS);
    this.#phase = 'stopping';
    this.#health.stopping();
    this.#end.resolve(end);
    this.#ending.abort();
    if (!isStarted) this.#abort.abort();
  }

  /** Takes leave of the peers, for as long as is allowed. */
  async #drain(): Promise<void> {
    const { log } = this.#logger;
    const limitMs = this.#values.drainSeconds * 1000;
    const service = this.#service;
    if (limitMs === 0 || service?.drain === undefined) return;
    const fromMs = this.#clock.now();
    const draining = Promise.resolve()
      .then(() => service.drain?.(fromMs + limitMs))
      .then(() => 'drained' as const)
      .catch((error: unknown) => {
        log.error('the service did not take leave well', { error });
        return 'failed' as const;
      });
    const result = await this.#within(draining, limitMs);
    if (result === undefined) log.warn('not everything was finished when it was time to stop', { limitMs });
    else if (result === 'drained') log.info('drained', { ms: this.#clock.now() - fromMs });
  }

  /** Resolves to false when the service did not close in time or failed to. */
  async #stop(): Promise<boolean> {
    const { log } = this.#logger;
    this.#abort.abort();
    const closing = Promise.resolve()
      .then(() => this.#service?.close())
      .then(
        () => 'closed' as const,
        (error: unknown) => {
          log.error('the service did not close well', { error });
          return 'failed' as const;
        },
      );
    const result = await this.#within(closing);
    if (result === undefined) log.error('the service did not close in time', { limitMs: STOP_LIMIT_MS });
    if (result === 'closed') log.info('stopped');
    return result === 'closed';
  }

  async #within<R>(promise: Promise<R>, limitMs = STOP_LIMIT_MS): Promise<R | undefined> {
    const late = Promise.withResolvers<undefined>();
    using _timer = this.#clock.after(limitMs, () => late.resolve(undefined));
    return await Promise.race([promise, late.promise]);
  }

  #onSignal(signal: string): void {
    const { log } = this.#logger;
    if (signal === 'SIGHUP' && this.#reloader !== undefined) {
      if (this.#reloads === 'now') void this.#reload(this.#reloader);
      else this.#reloads = 'wanted';
      return;
    }
    if (this.#phase !== 'stopping') {
      log.info('stopping', { signal });
      this.#finish({ kind: 'asked' });
      return;
    }
    log.warn('stopping at once', { signal });
    this.#logger.flushNow();
    this.#host.exit(1);
  }

  /** Everything is open. */
  #up(): void {
    this.#manager.ready();
    const isWanted = this.#reloads === 'wanted';
    this.#reloads = 'now';
    if (isWanted && this.#reloader !== undefined) void this.#reload(this.#reloader);
  }

  /** What stops needs nothing. */
  async #reload(reloader: Reloader<T & ServiceConfig>): Promise<void> {
    if (this.#phase !== 'running') return;
    if (reloader.isBusy) return reloader.run();
    this.#manager.reloading();
    await reloader.run();
    if (this.#isRunning()) this.#manager.ready();
  }

  #isRunning(): boolean {
    return this.#phase === 'running';
  }

  #openReloader(reread: () => T & ServiceConfig): Reloader<T & ServiceConfig> {
    return new Reloader({
      config: serviceConfig(this.#definition.config),
      current: () => this.#values,
      read: reread,
      prepare: (next) => this.#prepare(next),
      isWanted: () => this.#isRunning(),
      log: this.#logger.log,
      events: this.#events,
      metrics: this.#metrics,
    });
  }

  /** @throws ConfigError */
  async #prepare(next: T & ServiceConfig): Promise<Apply> {
    const token = monitoringToken(next);
    const apply = await this.#service?.reload?.(next);
    return () => {
      const { notifications, log } = this.#values;
      const isTellingSame = sameValue([notifications, log.addresses], [next.notifications, next.log.addresses]);
      // What a service may fail in by mistake comes before anything else has changed.
      apply?.();
      this.#values = next;
      this.#logger.set(next.log);
      void this.#monitoring?.then((monitor) => monitor?.setToken(token));
      if (isTellingSame) return;
      void this.#notifier?.close();
      this.#notify();
    };
  }

  /** A bug ends no service that already runs; only a `FatalError`, or any error before it runs, does. */
  #onUncaught(error: unknown, kind: 'exception' | 'rejection'): void {
    this.#uncaught.inc({ kind });
    if (this.#phase === 'starting' || error instanceof FatalError) {
      this.#finish({ kind: 'failed', error });
      return;
    }
    this.#logger.log.error('an error that nobody caught', { kind, error });
  }

  #deps(): ServiceDeps {
    return {
      name: this.#definition.name,
      log: this.#logger.log,
      metrics: this.#metrics,
      health: this.#health,
      latencies: this.#latencies,
      events: this.#events,
      connections: this.#connections,
      clock: this.#clock,
      signal: this.#abort.signal,
      finish: () => this.#finish({ kind: 'asked' }),
      fail: (error) => this.#finish({ kind: 'failed', error }),
    };
  }

  #notify(): void {
    const { notifications, log } = this.#values;
    const deps = { ...this.#deps(), signal: this.#ending.signal };
    this.#notifier = startNotifications(destinationsOf(notifications), log.addresses, deps);
  }

  #monitor(): Promise<Monitor | undefined> {
    return (this.#monitoring ??= this.#openMonitoring());
  }

  async #openMonitoring(): Promise<Monitor | undefined> {
    const { log } = this.#logger;
    const { monitoring: address } = this.#values;
    if (address === undefined) return undefined;
    const monitoring = await openMonitoring({
      name: this.#definition.name,
      startedAtMs: this.#startedAtMs,
      address,
      token: monitoringToken(this.#values),
      page: this.#page,
      clock: this.#clock,
      log,
      metrics: this.#metrics,
      events: this.#events,
      connections: this.#connections,
      redact: (text) => redactAddresses(text, this.#values.log.addresses),
      health: () => this.#health.report(),
      status: () => this.#status(),
      api: () => this.#service?.api?.() ?? {},
    });
    log.info('monitoring listens', { address: formatAddress(monitoring.address) });
    return monitoring;
  }

  async #status(): Promise<StatusReport> {
    return {
      name: this.#definition.name,
      ...this.#health.report(),
      pid: process.pid,
      startedAtMs: this.#startedAtMs,
      uptimeSeconds: Math.round((this.#clock.now() - this.#startedAtMs) / 1000),
      counters: await this.#metrics.snapshot(),
      latency: { ...this.#latencies.summary(), [LOOP_DELAY]: this.#loopDelay.summary() },
      ...(this.#notifier === undefined ? {} : { notifications: this.#notifier.status() }),
      details: this.#service?.status?.() ?? {},
    };
  }
}
