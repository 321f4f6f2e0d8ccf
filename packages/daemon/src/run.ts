import { readCommand, usage } from './command.ts';
import { loadConfig } from './config/load.ts';
import { destinationsOf } from './config/notifications-config.ts';
import { ConfigError, formatProblem, type Problem } from './config/problem.ts';
import { configHelp, exampleToml } from './config/render.ts';
import { type Host, processHost } from './host.ts';
import { fileProblems, NOT_AUTHENTICATED, unauthenticated } from './named-files.ts';
import { testNotifications } from './notifications.ts';
import type { ServiceDefinition } from './service.ts';
import { serviceConfig } from './service-config.ts';
import { Supervisor } from './supervisor.ts';

/** Exit codes of every sv2kit program. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

const LINGER_MS = 1000;

/** How `run` is told what the environment of the program is. */
export interface RunOptions {
  /** How the program is called in usage lines; the service's name when left out. */
  readonly program?: string;
  /** Arguments after the program's name. */
  readonly argv?: readonly string[];
  /** The folder of the built dashboard, which monitoring then serves at /dashboard/. */
  readonly page?: string | undefined;
  /** What keys are called on the program's own command line, as `Host.options`. */
  readonly options?: Readonly<Record<string, string>> | undefined;
}

/**
 * Runs a service as this process: reads its configuration, starts it, reloads it at SIGHUP, and stops it at SIGINT or SIGTERM.
 * The process ends with 0 (stopped as asked), 1 (failed) or 2 (wrong usage or configuration, before it listens): the
 * number this resolves to.
 *
 * @example
 * await run({ name: 'pool', config: poolConfig, start: createPool });
 */
export async function run<T>(definition: ServiceDefinition<T>, options: RunOptions = {}): Promise<number> {
  const host = { ...processHost(options.program ?? definition.name, options.argv), options: options.options };
  const code = await runService(definition, host, options.page);
  process.exitCode = code;
  // Everything is closed by now; a handle that was forgotten must not keep the process.
  setTimeout(() => process.exit(code), LINGER_MS).unref();
  return code;
}

/** As `run`, in a given host; resolves to the exit code. */
export async function runService<T>(definition: ServiceDefinition<T>, host: Host, page?: string): Promise<number> {
  const { name } = definition;
  const config = serviceConfig(definition.config);
  const command = readCommand(host.argv);
  switch (command.kind) {
    case 'help':
      host.out(usage(host.program, definition.summary ?? `Runs the sv2kit ${name}.`, configHelp(name, config)));
      return EXIT.ok;
    case 'example':
      host.out(exampleToml(name, config));
      return EXIT.ok;
    case 'wrong':
      host.error(`${host.program}: ${command.message}\nTry: ${host.program} --help\n`);
      return EXIT.usage;
    case 'check':
    case 'test-notifications':
    case 'start':
      break;
    default:
      return command satisfies never;
  }
  const { environment, workingFolder } = host;
  try {
    const read = () => loadConfig(config, { name, file: command.file, environment, workingFolder });
    const values = read();
    if (command.kind === 'check') {
      const problems = fileProblems(values);
      if (problems.length > 0) throw new ConfigError(problems);
      for (const key of unauthenticated(values)) host.out(`${key}: ${NOT_AUTHENTICATED}\n`);
      host.out(`${command.file ?? 'the default configuration'}: ok\n`);
      return EXIT.ok;
    }
    if (command.kind === 'test-notifications') {
      const isWell = await testNotifications(name, destinationsOf(values.notifications), (line) => host.out(line));
      return isWell ? EXIT.ok : EXIT.failed;
    }
    const reread = command.file === undefined || host.atTerminal === true ? undefined : read;
    const outcome = await new Supervisor(definition, values, host, { reread, page }).run();
    return outcome === 'failed' ? EXIT.failed : EXIT.ok;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    host.error(describeConfigError(host, command.file, error));
    return EXIT.usage;
  }
}

/** The committed example of a service's configuration: `--example` prints it, a check holds the file to it. */
export function serviceExample<T>(definition: Pick<ServiceDefinition<T>, 'name' | 'config'>): string {
  return exampleToml(definition.name, serviceConfig(definition.config));
}

function describeConfigError(host: Host, file: string | undefined, error: ConfigError): string {
  const { program, options } = host;
  const lines = error.problems.map((problem) => {
    const option = options?.[problem.key];
    if (option !== undefined) return inOption(problem, option);
    // What a service finds while it starts knows the key, but not where its value came from.
    const source = problem.source === '' ? (file ?? '') : problem.source;
    return formatProblem({ ...problem, source });
  });
  if (file === undefined && options !== undefined) {
    const what = lines.length === 1 ? ` ${lines.join('')}` : listed(lines);
    return `${program}:${what}\nTry: ${program} --help\n`;
  }
  const without = `no --config FILE was given; ${program} --example prints one. Without it:`;
  return `${program}: ${file === undefined ? without : 'the configuration cannot be used'}${listed(lines)}\n`;
}

function listed(lines: readonly string[]): string {
  return lines.map((line) => `\n  ${line}`).join('');
}

/** `--listen: "x" has no port; for example: --listen 0.0.0.0:34265`. */
function inOption({ wrong, example }: Problem, option: string): string {
  const value = example
    ?.slice(example.indexOf('=') + 1)
    .trim()
    .replace(/^"(.*)"$/, '$1');
  const hint = value === undefined || wrong.includes(value) ? '' : `; for example: ${option} ${value}`;
  return `${option}: ${wrong}${hint}`;
}
