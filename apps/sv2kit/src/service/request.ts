import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError, formatProblem, parseOptions, type ServiceConfig, UsageError } from '@sv2kit/daemon';
import { CommandError } from '../command.ts';
import { type ConfigPath, pathsOfConfig, portsOfConfig } from './paths-of-config.ts';
import { type Runnable, runnableOf } from './runnable.ts';
import { nameOf } from './service-name.ts';

/** What is to be installed. */
export interface Request {
  readonly role: Runnable;
  readonly name: string;
  /** The configuration's file, absolute. */
  readonly file: string;
  readonly values: ServiceConfig;
  readonly paths: readonly ConfigPath[];
  readonly hasLowPort: boolean;
  readonly isUser: boolean;
  readonly isDryRun: boolean;
  readonly isStarted: boolean;
  readonly groups: readonly string[];
}

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  user: { type: 'boolean' },
  name: { type: 'string' },
  group: { type: 'string', multiple: true },
  'dry-run': { type: 'boolean' },
  start: { type: 'boolean' },
} as const;

/**
 * Reads the command line and the configuration that it names.
 *
 * @throws UsageError or CommandError
 */
export async function readRequest(argv: readonly string[]): Promise<Request> {
  const { values: options, positionals } = parseOptions(argv, OPTIONS, 1);
  const role = runnableOf(positionals[0]);
  const name = nameOf(role.name, options.name);
  if (options.config === undefined) {
    throw new UsageError(`--config FILE is missing; sv2kit ${role.name} --example prints one to begin with`);
  }
  const file = resolve(options.config);
  const { values, text } = await loadRole(role, file);
  const groups = options.group ?? [];
  if (options.user === true && groups.length > 0)
    throw new UsageError('--group is not for --user: your groups are yours');
  return {
    role,
    name,
    file,
    values,
    paths: pathsOfConfig(values, text, file),
    hasLowPort: portsOfConfig(values).some((port) => port > 0 && port < 1024),
    isUser: options.user === true,
    isDryRun: options['dry-run'] === true,
    isStarted: options.start === true,
    groups,
  };
}

async function loadRole(role: Runnable, file: string): Promise<{ values: ServiceConfig; text: string }> {
  const config = await role.config();
  try {
    // No environment: the service will have none of this shell's.
    const values = config.load({ file, environment: {}, workingFolder: dirname(file) });
    return { values, text: readFileSync(file, 'utf8') };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = error.problems.map((problem) => `  ${formatProblem({ ...problem, source: problem.source || file })}`);
    throw new CommandError(`the configuration cannot be used\n${lines.join('\n')}`);
  }
}
