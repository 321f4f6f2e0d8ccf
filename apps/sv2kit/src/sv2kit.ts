import { EXIT, KeyFileError, nearest, programVersion, UsageError } from '@sv2kit/daemon';
import { NoiseError } from '@sv2kit/noise';
import { type Command, CommandError, wantsHelp } from './command.ts';
import { decode } from './decode/decode.ts';
import { keys } from './keys/keys.ts';
import { roles } from './roles.ts';
import { processTerminal, type Terminal } from './terminal.ts';

const stack: Command = {
  name: 'stack',
  summary: "Runs a whole mining stack on this machine: pool, miner's side, V1 and V2 devices, real nodes.",
  async run(argv, terminal) {
    const { stack: runStack } = await import('./stack/index.ts');
    return await runStack(argv, terminal);
  },
};

const template: Command = {
  name: 'template',
  summary: "Shows and changes what your node has mined, and how it differs from the pool's.",
  async run(argv, terminal) {
    const { template: command } = await import('./template/template.ts');
    return await command.run(argv, terminal);
  },
};

const ledger: Command = {
  name: 'ledger',
  summary: 'Backs up, verifies and exports the record of shares, blocks and payouts.',
  async run(argv, terminal) {
    const { ledger: command } = await import('./ledger/ledger.ts');
    return await command.run(argv, terminal);
  },
};

const solo: Command = {
  name: 'solo',
  summary: 'Mines alone with your own node, in one command.',
  async run(argv, terminal) {
    const { solo: runSolo } = await import('./solo/solo.ts');
    return await runSolo(argv, terminal);
  },
};

const service: Command = {
  name: 'service',
  summary: 'Makes roles services of systemd that start with the machine.',
  async run(argv, terminal) {
    const { service: command } = await import('./service/service.ts');
    return await command.run(argv, terminal);
  },
};

const config: Command = {
  name: 'config',
  summary: 'Makes, checks and explains configurations of roles.',
  async run(argv, terminal) {
    const { config: command } = await import('./config/config.ts');
    return await command.run(argv, terminal);
  },
};

const tools: readonly Command[] = [stack, solo, config, template, ledger, service, keys, decode];

const roleCommands: readonly Command[] = roles.map((role) => ({
  name: role.name,
  summary: role.summary,
  async run(argv, terminal) {
    if (role.name !== 'dashboard') return await role.run({ program: `sv2kit ${role.name}`, argv });
    // Roles to show may be named on its command line.
    const { dashboard } = await import('./dashboard.ts');
    return await dashboard(argv, terminal);
  },
}));

const commands: readonly Command[] = [...tools, ...roleCommands];

/**
 * The operator's command.
 *
 * @param argv words after `sv2kit`
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage
 */
export async function sv2kit(argv: readonly string[], terminal: Terminal = processTerminal): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === 'help' || name.startsWith('-')) return overview(argv, terminal);
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const meant = nearest(
      name,
      commands.map((candidate) => candidate.name),
    );
    const hint = meant === undefined ? '' : `; did you mean '${meant}'?`;
    terminal.error(`sv2kit: there is no command '${name}'${hint}\nTry: sv2kit --help\n`);
    return EXIT.usage;
  }
  try {
    return await command.run(rest, terminal);
  } catch (error) {
    return explain(error, command, terminal);
  }
}

function overview(argv: readonly string[], terminal: Terminal): number {
  const [word] = argv;
  if (word === undefined) {
    terminal.error(help());
    return EXIT.usage;
  }
  if (word === '--version' || word === '-V') {
    terminal.out(`sv2kit ${programVersion()}\n`);
    return EXIT.ok;
  }
  if (word === 'help' || wantsHelp(argv)) {
    terminal.out(help());
    return EXIT.ok;
  }
  terminal.error(`sv2kit: ${word} is not an option\nTry: sv2kit --help\n`);
  return EXIT.usage;
}

/** A mistake of the operator in one line; anything else is ours and keeps its stack. */
function explain(error: unknown, command: Command, terminal: Terminal): number {
  if (error instanceof UsageError) {
    terminal.error(`sv2kit ${command.name}: ${error.message}\nTry: sv2kit ${command.name} --help\n`);
    return EXIT.usage;
  }
  if (error instanceof CommandError || error instanceof KeyFileError || error instanceof NoiseError) {
    terminal.error(`sv2kit ${command.name}: ${error.message}\n`);
    return EXIT.failed;
  }
  throw error;
}

function help(): string {
  const list = (entries: readonly Command[]): string =>
    entries.map(({ name, summary }) => `  ${name.padEnd(19)}${summary}`).join('\n');
  return `sv2kit: Stratum V2 mining, and Stratum V1 on either side of it

Usage: sv2kit COMMAND [OPTIONS]
       sv2kit --version

Commands:
${list(tools)}

Roles, each run with --config FILE:
${list(roleCommands)}

Every command has --help with examples:
  sv2kit stack --help
  sv2kit keys sign --help
  sv2kit pool --help

Examples:
  sv2kit stack --blocks 5
  sv2kit dashboard
  sv2kit solo --address bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4
  sv2kit template diff http://127.0.0.1:8342 --other-cookie /srv/other/.cookie
  sv2kit ledger verify --config pool.toml
  sv2kit service install pool --config /etc/sv2kit/pool.toml --start
  sv2kit keys new authority.key
  sv2kit decode 000001060000020000000000
  sv2kit config init pool --address bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4
  sv2kit pool --config pool.toml
  sv2kit translator --example > translator.toml

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.
`;
}
