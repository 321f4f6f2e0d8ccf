import {
  type Clock,
  type Config,
  createMetrics,
  Health,
  type HealthCode,
  Latencies,
  parseConfig,
  type Service,
  type ServiceDeps,
} from '@sv2kit/daemon';
import { Events } from '@sv2kit/monitor';
import { within } from './deadline.ts';
import { Log } from './log-line.ts';

/** A role as its package exports it. */
export interface RoleDefinition<T, S extends Service> {
  readonly name: string;
  readonly config: Config<T>;
  readonly create: (config: T, deps: ServiceDeps) => Promise<S> | S;
}

/** A role in this process, with what its process would give it. */
export class RoleHere<S extends Service> implements AsyncDisposable {
  readonly name: string;
  readonly service: S;
  readonly log: Log;
  readonly #deps: ServiceDeps;
  readonly #failures: readonly Error[];
  #closed: Promise<void> | undefined;

  static async start<T, S extends Service>(
    role: RoleDefinition<T, S>,
    toml: string,
    clock: Clock,
  ): Promise<RoleHere<S>> {
    const config = parseConfig(role.config, toml, { name: role.name });
    const log = new Log();
    const failures: Error[] = [];
    const health = new Health(clock);
    const deps: ServiceDeps = {
      name: role.name,
      log: log.logger(),
      metrics: createMetrics(),
      health,
      latencies: new Latencies(),
      events: new Events({ now: () => clock.now() }),
      clock,
      signal: new AbortController().signal,
      finish: () => {},
      fail: (error) => void failures.push(error),
    };
    const service = await role.create(config, deps);
    health.started();
    return new RoleHere(service, log, deps, failures);
  }

  private constructor(service: S, log: Log, deps: ServiceDeps, failures: readonly Error[]) {
    this.name = deps.name;
    this.service = service;
    this.log = log;
    this.#deps = deps;
    this.#failures = failures;
  }

  /** Its part of /status. */
  status(): Readonly<Record<string, unknown>> {
    return this.service.status?.() ?? {};
  }

  /** Its counters and gauges, as `name{label="value"}`. */
  counters(): Promise<Record<string, number>> {
    return this.#deps.metrics.snapshot();
  }

  /** Its latencies by name. */
  latencies(): ReturnType<Latencies['summary']> {
    return this.#deps.latencies.summary();
  }

  /** Resolves when a condition of its health is, or is not, met; to its reason. @throws DeadlineError */
  condition(name: string, ok: boolean): Promise<string | undefined> {
    const find = () => this.#deps.health.report().conditions.find((condition) => condition.name === name);
    const what = `condition ${name} of the ${this.name} to be ${ok ? 'met' : 'failing'}`;
    const look = () => (find()?.ok === ok ? { reason: find()?.reason } : undefined);
    return this.#health(what, look, () => `it is ${JSON.stringify(find() ?? 'not declared')}`).then((it) => it.reason);
  }

  /** Resolves when a condition of its health is not met, and means this; to its reason. @throws DeadlineError */
  async coded(name: string, code: HealthCode): Promise<string> {
    const find = () => this.#deps.health.report().conditions.find((condition) => condition.name === name);
    const look = () => (find()?.code === code ? { reason: find()?.reason ?? '' } : undefined);
    const what = `condition ${name} of the ${this.name} to be failing as ${code}`;
    return (await this.#health(what, look, () => `it is ${JSON.stringify(find() ?? 'not declared')}`)).reason;
  }

  /** Resolves when every condition of its health is met. @throws DeadlineError */
  async well(): Promise<void> {
    const failing = () => this.#deps.health.report().conditions.filter(({ ok }) => !ok);
    const look = () => failing().length === 0 || undefined;
    await this.#health(`the ${this.name} to be well`, look, () => JSON.stringify(failing()));
  }

  #health<T>(what: string, look: () => T | undefined, evidence: () => string): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>();
    const change = (): void => {
      const found = look();
      if (found !== undefined) resolve(found);
    };
    this.#deps.health.onChange(change);
    change();
    return within(what, promise, undefined, evidence);
  }

  /** What it wanted to end its process for. */
  get failures(): readonly Error[] {
    return this.#failures;
  }

  close(): Promise<void> {
    this.#closed ??= Promise.resolve(this.service.close());
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.log.close(`the ${this.name} is closed`);
    await within(`the ${this.name} to close`, this.close());
  }
}
