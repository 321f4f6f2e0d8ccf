import {
  type ExplainedKey,
  explainKeys,
  EXIT,
  type GivenConfig,
  nearest,
  parseOptions,
  readToml,
  UsageError,
} from '@sv2kit/daemon';
import type { Subcommand } from '../subcommands.ts';
import type { Terminal } from '../terminal.ts';
import { type ConfiguredRole, configuredRoles, ROLE_NAMES, roleInComment, roleOf } from './configured-roles.ts';
import { explainedText } from './explained-text.ts';

const help = `Tells what a role can be configured with: every key with its meaning, its type, its default, the environment variable
that gives it, and whether a running role takes another value up at SIGHUP.

Usage: sv2kit config explain [ROLE] [KEY] [OPTIONS]

  -c, --config FILE   also tell what is in force with FILE and the environment, and where it was said
      --json          for programs

KEY is a key (payout.mode), a table (payout), or the name of a key in any table (url). Without ROLE it is the one that
FILE is of. Secrets are not told.

The environment comes before the file. Tables are joined by "__", and tables of a list are numbered from 0; the file may
be left out where the environment gives all that has to be given:
  SV2KIT_POOL__LISTEN=0.0.0.0:3336
  SV2KIT_POOL__TEMPLATE_PROVIDERS__0__URL=stratum2+tcp://127.0.0.1:8442/KEY
  SV2KIT_POOL__EXTENSIONS__SUPPORTED=1,2       a list; ["a,b", "c"] where items hold commas
  SV2KIT_POOL__MONITORING=                     empty: a key that may be left out is left out
  SV2KIT_POOL__NODES=                          empty: none of the tables of the file

Examples:
  sv2kit config explain pool
  sv2kit config explain pool payout.mode
  sv2kit config explain --config pool.toml payout
  sv2kit config explain translator --json
`;

const OPTIONS = { config: { type: 'string', short: 'c' }, json: { type: 'boolean' } } as const;

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseOptions(argv, OPTIONS, 2);
  const file = values.config === undefined ? undefined : readToml(values.config);
  const isRole = configuredRoles.some(({ name }) => name === positionals[0]);
  const [key] = isRole ? positionals.slice(1) : positionals;
  if (!isRole && positionals.length === 2) roleOf(positionals[0] ?? '');
  const role = isRole ? roleOf(positionals[0] ?? '') : roleOfFile(file?.text, positionals[0]);
  const given: GivenConfig | undefined = file && { ...file, environment: process.env };
  const { fields } = await role.config();
  const found = chosen(explainKeys(role.name, fields, given), key, role.name);
  if (values.json === true) terminal.out(`${JSON.stringify({ role: role.name, keys: found }, undefined, 2)}\n`);
  else terminal.out(explainedText(found, values.config));
  return EXIT.ok;
}

function roleOfFile(text: string | undefined, word: string | undefined): ConfiguredRole {
  if (text !== undefined) {
    const role = roleInComment(text);
    if (role !== undefined) return role;
    throw new UsageError(`the file names no role in its first line: say which (${ROLE_NAMES.join(', ')})`);
  }
  if (word !== undefined) return roleOf(word);
  throw new UsageError(`a ROLE is wanted: ${ROLE_NAMES.join(', ')}`);
}

/** A key, all of a table, or all of that name. @throws UsageError for none */
function chosen(keys: readonly ExplainedKey[], wanted: string | undefined, role: string): readonly ExplainedKey[] {
  if (wanted === undefined) return keys;
  const bare = (key: string): string => key.replaceAll(/\[\d*\]/g, '');
  const name = bare(wanted);
  const isOf = (key: string): boolean => key === wanted || bare(key) === name || bare(key).startsWith(`${name}.`);
  const found = keys.filter(({ key }) => isOf(key));
  if (found.length > 0) return found;
  const named = keys.filter(({ key }) => bare(key).endsWith(`.${name}`));
  if (named.length > 0) return named;
  const words = [...new Set(keys.flatMap(({ key }) => [bare(key), bare(key).split('.').at(-1) ?? '']))];
  const meant = nearest(name, words);
  const hint = meant === undefined ? `sv2kit config explain ${role} lists them` : `did you mean ${meant}?`;
  throw new UsageError(`a ${role} has no key ${wanted}; ${hint}`);
}

export const explainConfig = {
  name: 'explain',
  summary: 'Tells what a role can be configured with.',
  help,
  run,
} satisfies Subcommand;
