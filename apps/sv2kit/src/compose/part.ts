import {
  type Condition,
  ConfigError,
  formatAddress,
  Health,
  type HealthCode,
  Latencies,
  type LatencyRecorder,
  type Service,
  type ServiceDeps,
} from '@sv2kit/daemon';

/** What the system says of an address that cannot be listened on. */
const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken by another process',
  EADDRNOTAVAIL: 'is no address of this machine',
  EACCES: 'may not be listened on by this user',
};

/** One of several roles in one process. */
export interface Part {
  /** kebab-case: what its lines, conditions and latencies are told apart by. */
  readonly name: string;
  /** Its table in the configuration. */
  readonly table: string;
  /** What the whole configuration calls `listen`, where it has another word for it. */
  readonly listenKey?: string;
  /** Where it is to listen. */
  readonly listen: { readonly host: string; readonly port: number };
}

/**
 * Starts a role as a part of a service. What it finds wrong is told in the words of the whole configuration.
 *
 * @throws ConfigError; whatever `create` throws
 */
export async function startPart<S extends Service>(
  part: Part,
  deps: ServiceDeps,
  create: (deps: ServiceDeps) => Promise<S>,
): Promise<S> {
  try {
    return await create(partDeps(part.name, deps));
  } catch (error) {
    throw inTable(error, part);
  }
}

/** Lets one after the other take leave, each with its part of the time that is left. @param untilMs unix milliseconds */
export async function drainAll(services: readonly Service[], untilMs: number, now: () => number): Promise<void> {
  for (const [index, service] of services.entries()) {
    const nowMs = now();
    await service.drain?.(nowMs + (untilMs - nowMs) / (services.length - index));
  }
}

/** Closes one after the other, all of them whatever one of them throws. */
export async function closeAll(services: readonly Service[]): Promise<void> {
  const errors: unknown[] = [];
  for (const service of services) {
    try {
      await service.close();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'parts did not close well');
}

function partDeps(name: string, deps: ServiceDeps): ServiceDeps {
  return {
    ...deps,
    name,
    log: deps.log.child({ role: name }),
    health: new PartHealth(name, deps),
    latencies: new PartLatencies(name, deps.latencies),
    events: deps.events.part(name),
    connections: deps.connections?.part(name),
  };
}

/** Conditions of the whole, named after the part. */
class PartHealth extends Health {
  readonly #name: string;
  readonly #whole: Health;

  constructor(name: string, { health, clock }: ServiceDeps) {
    super(clock);
    this.#name = name;
    this.#whole = health;
  }

  override condition(name: string, ...rest: [reason?: string, code?: HealthCode]): Condition {
    return this.#whole.condition(`${this.#name}.${name}`, ...rest);
  }

  override onChange(...listener: Parameters<Health['onChange']>): void {
    this.#whole.onChange(...listener);
  }

  override report(): ReturnType<Health['report']> {
    return this.#whole.report();
  }
}

class PartLatencies extends Latencies {
  readonly #name: string;
  readonly #whole: Latencies;

  constructor(name: string, whole: Latencies) {
    super();
    this.#name = name;
    this.#whole = whole;
  }

  override recorder(name: string): LatencyRecorder {
    return this.#whole.recorder(`${this.#name}.${name}`);
  }
}

function inTable(error: unknown, { table, listen, listenKey = 'listen' }: Part): unknown {
  const prefix = table === '' ? '' : `${table}.`;
  if (error instanceof ConfigError) {
    const problems = error.problems.map((problem) => ({ ...problem, key: `${prefix}${problem.key}` }));
    return new ConfigError(problems, { cause: error });
  }
  if (!(error instanceof Error)) return error;
  const { code = '', syscall, port } = error as NodeJS.ErrnoException & { readonly port?: number };
  const reason = LISTEN_PROBLEMS[code];
  if (reason === undefined || syscall !== 'listen' || port !== listen.port) return error;
  const wrong = `${formatAddress(listen)} ${reason}`;
  return new ConfigError([{ source: '', key: `${prefix}${listenKey}`, wrong }], { cause: error });
}
