import type { Command } from '../command.ts';
import { runSubcommand, type Subcommand } from '../subcommands.ts';
import { installService } from './install.ts';
import { show } from './show.ts';
import { uninstallService } from './uninstall.ts';

const subcommands: readonly Subcommand[] = [installService, uninstallService, show];

const overview = `Runs roles as services of systemd.

Usage: sv2kit service COMMAND

${subcommands.map(({ name, summary }) => `  ${name.padEnd(11)}${summary}`).join('\n')}

Example: a pool
  sudo sv2kit service install pool --config /etc/sv2kit/pool.toml --start
  systemctl status sv2kit-pool
  journalctl -u sv2kit-pool -f
`;

/** `sv2kit service …`. */
export const service: Command = {
  name: 'service',
  summary: 'Makes roles services that start with the machine.',
  run: (argv, terminal) => runSubcommand(subcommands, overview, argv, terminal),
};
