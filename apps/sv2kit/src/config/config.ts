import type { Command } from '../command.ts';
import { runSubcommand, type Subcommand } from '../subcommands.ts';
import { checkConfigs } from './check.ts';
import { explainConfig } from './explain.ts';
import { initConfig } from './init.ts';

const subcommands: readonly Subcommand[] = [initConfig, checkConfigs, explainConfig];

const overview = `Configurations of roles: makes one, finds what is wrong, tells what there is to set.

Usage: sv2kit config COMMAND

${subcommands.map(({ name, summary }) => `  ${name.padEnd(9)}${summary}`).join('\n')}

Example: a pool on this machine, with its own templates
  sv2kit config init template-provider
  sv2kit config init pool --address bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4
  sv2kit config check template-provider.toml pool.toml
  sv2kit config explain --config pool.toml payout
`;

/** `sv2kit config …`. */
export const config: Command = {
  name: 'config',
  summary: 'Makes, checks and explains configurations of roles.',
  run(argv, terminal) {
    return runSubcommand(subcommands, overview, argv, terminal);
  },
};
