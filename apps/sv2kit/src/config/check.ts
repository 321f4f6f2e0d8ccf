import {
  ConfigError,
  EXIT,
  fileProblems,
  formatProblem,
  NOT_AUTHENTICATED,
  parseOptions,
  type Problem,
  readToml,
  unauthenticated,
  UsageError,
} from '@sv2kit/daemon';
import type { Subcommand } from '../subcommands.ts';
import type { Terminal } from '../terminal.ts';
import { type CheckedFile, disagreements, unknownServers } from './agreement.ts';
import { type ConfiguredRole, ROLE_NAMES, roleInComment, roleOf } from './configured-roles.ts';
import { placesOf } from './place.ts';

const help = `Reads configurations as their roles would, with the files and keys that they name, and starts nothing. Several at once
are checked against each other too: ports and folders that are taken twice, and URLs of servers on this machine that do
not fit what those listen with.

Usage: sv2kit config check FILE… [--role ROLE]

      --role ROLE   what they are for, where the first line does not say it ("# sv2kit pool")

The environment counts as it does for a role that is started here.

Examples:
  sv2kit config check pool.toml
  sv2kit config check *.toml
  sv2kit config check --role pool /etc/mining/front.toml

Exit codes: 0 all can be used, 2 wrong usage or configuration.
`;

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals: files } = parseOptions(argv, { role: { type: 'string' } }, Number.MAX_SAFE_INTEGER);
  if (files.length === 0) throw new UsageError('the FILE to check is missing');
  const said = values.role === undefined ? undefined : roleOf(values.role);
  const checked: CheckedFile[] = [];
  const problems: Problem[] = [];
  for (const file of files) {
    try {
      checked.push(await checkOne(file, said));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems.map((problem) => ({ ...problem, source: problem.source || file })));
    }
  }
  problems.push(...disagreements(checked).map(({ file, ...rest }) => ({ source: file, ...rest })));
  for (const { file, role, values: read } of checked) {
    for (const key of unauthenticated(read)) terminal.out(`${file}: ${key}: ${NOT_AUTHENTICATED}\n`);
    if (problems.every(({ source }) => source !== file)) terminal.out(`${file}: ok, a ${role}\n`);
  }
  if (files.length > 1) {
    for (const { file, key, wrong } of unknownServers(checked)) terminal.out(`${file}: ${key}: ${wrong}\n`);
  }
  if (problems.length === 0) return EXIT.ok;
  terminal.error(`${problems.map((problem) => `${formatProblem(problem)}\n`).join('')}`);
  return EXIT.usage;
}

/** @throws ConfigError */
async function checkOne(file: string, said: ConfiguredRole | undefined): Promise<CheckedFile> {
  const role = said ?? roleInComment(readToml(file).text);
  if (role === undefined) {
    const wrong = `its first line names no role (${ROLE_NAMES.join(', ')}): give --role`;
    throw new ConfigError([{ source: file, key: '', wrong, example: '# sv2kit pool' }]);
  }
  const config = await role.config();
  const values = config.load({ file, environment: process.env });
  const problems = fileProblems(values);
  if (problems.length > 0) throw new ConfigError(problems);
  return { file, role: role.name, values, places: placesOf(role.name, config.fields, values) };
}

export const checkConfigs = {
  name: 'check',
  summary: 'Finds what is wrong with configurations.',
  help,
  run,
} satisfies Subcommand;
