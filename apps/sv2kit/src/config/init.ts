import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ConfigError, EXIT, fileProblems, formatProblem, parseOptions, UsageError } from '@sv2kit/daemon';
import { CommandError, reasonOf } from '../command.ts';
import { shellWord } from '../shell-word.ts';
import type { Subcommand } from '../subcommands.ts';
import type { Terminal } from '../terminal.ts';
import { type ConfiguredRole, ROLE_NAMES, roleOf } from './configured-roles.ts';
import { draftOf } from './init/drafts.ts';
import type { Gathered } from './init/gather.ts';
import { INIT_OPTIONS } from './init/words.ts';
import { MONITORING_PORTS } from './ports.ts';

const help = `Writes a configuration that starts: with the node of this machine, with a key that is made where there is none, and with
the other roles whose configurations stand in the same folder. Nothing that is there is overwritten.

Usage: sv2kit config init ROLE [OPTIONS]

      --out FILE           where to write; ROLE.toml by default
      --force              replace FILE; keys are never replaced
      --chain NAME         mainnet, testnet, testnet4, signet or regtest; by default that of the other files, or one of
                           --address whose node is here
      --address ADDRESS    where blocks pay
      --node URL|PATH      your node's RPC, http://[USER:PASSWORD@]HOST:PORT, or its IPC socket; by default this machine's
      --cookie FILE        its cookie file; by default where Bitcoin Core keeps it
      --data FOLDER        above the folder in which the role keeps what must not be lost; that of FILE by default, and
                           /var/lib/sv2kit for a FILE below /etc
      --listen HOST:PORT   where the role listens
      --templates URL      the template provider of a pool or jd-client
      --upstream URL       the pool or proxy of a translator, mining-device or jd-client
      --declarator URL     the job declarator server of a pool or jd-client
      --user NAME          whom an upstream credits

Roles: ${ROLE_NAMES.join(', ')}

Examples:
  sv2kit config init template-provider
  sv2kit config init pool --address bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4
  sv2kit config init translator --upstream stratum2+tcp://pool.example:3336/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh
  sv2kit config init solo --chain signet --address tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx --out /etc/sv2kit/solo.toml

Exit codes: 0 written, 1 not written, 2 wrong usage or a node of another chain.
`;

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values: words, positionals } = parseOptions(argv, INIT_OPTIONS, 1);
  const [name] = positionals;
  if (name === undefined) throw new UsageError(`the ROLE is missing: one of ${ROLE_NAMES.join(', ')}`);
  const role = roleOf(name);
  const file = words.out ?? `${name}.toml`;
  const folder = dirname(resolve(file));
  if (existsSync(file) && words.force !== true) {
    throw new CommandError(`${file} is there already and is not overwritten; --force does`);
  }
  try {
    // What speaks to nodes is loaded by who looks for one.
    const { gather, PASSWORD_FILE } = await import('./init/gather.ts');
    mkdirSync(folder, { recursive: true });
    const { fields } = await role.config();
    const gathered = await gather(name, fields, words, folder);
    if (gathered.password !== undefined) keepPassword(join(folder, PASSWORD_FILE), gathered.password);
    writeFileSync(file, draftOf(gathered.facts, file));
    terminal.out(await report(role, file, gathered));
    return EXIT.ok;
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.problems.map(({ wrong }) => wrong).join('; '));
    if (error instanceof Error && 'syscall' in error) throw new CommandError(reasonOf(error));
    throw error;
  }
}

export const initConfig = {
  name: 'init',
  summary: 'Writes a configuration that starts.',
  help,
  run,
} satisfies Subcommand;

/** For its owner alone; another password is a mistake of somebody. */
function keepPassword(file: string, password: string): void {
  if (existsSync(file)) throw new CommandError(`${file} is there already, for another password: remove it`);
  writeFileSync(file, `${password}\n`, { mode: 0o600, flag: 'wx' });
}

async function report({ name, config }: ConfiguredRole, file: string, { decisions, facts }: Gathered): Promise<string> {
  const folder = dirname(resolve(file));
  const monitored = name === 'dashboard' ? undefined : `http://127.0.0.1:${MONITORING_PORTS[name]}/`;
  const told = [...decisions, ...(monitored === undefined ? [] : [['monitored', monitored] as const])];
  const { load } = await config();
  const open = [...problemsOf(() => load({ file, environment: {} }), file), ...besides(name, folder, facts.declarator)];
  return [
    `${file}: written.`,
    ...told.map(([label, text]) => `  ${label.padEnd(11)}${text}`),
    ...(open.length === 0 ? [] : ['', 'Still to be done before it starts:', ...open.map((line) => `  ${line}`)]),
    '',
    'Then:',
    `  sv2kit config check ${shellWord(file)}`,
    `  sv2kit ${name} --config ${shellWord(file)}`,
    '',
  ].join('\n');
}

function problemsOf(load: () => object, file: string): string[] {
  try {
    return fileProblems(load()).map(formatProblem);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) =>
      formatProblem({ ...problem, source: problem.source === file ? '' : problem.source }),
    );
  }
}

/** What another file lacks now. */
function besides(name: string, folder: string, declarator: string | undefined): string[] {
  if (name !== 'jd-server' || !existsSync(join(folder, 'pool.toml'))) return [];
  if (declarator !== undefined) return [];
  return [
    'pool.toml: [job_declaration] with the same token_key_file, and [[job_declarators]] with the url of this one',
  ];
}
