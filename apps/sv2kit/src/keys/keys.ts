import type { Command } from '../command.ts';
import { runSubcommand, type Subcommand } from '../subcommands.ts';
import { newKey } from './new.ts';
import { showKeys } from './show.ts';
import { signKey } from './sign.ts';

const subcommands: readonly Subcommand[] = [newKey, showKeys, signKey];

const overview = `Keys and certificates of Stratum V2 (§4).

Usage: sv2kit keys COMMAND

${subcommands.map(({ name, summary }) => `  ${name.padEnd(6)}${summary}`).join('\n')}

An authority's key vouches for servers: its public key is what miners are configured with, and its secret can stay
offline. A server holds a static key and a certificate in which the authority has signed it.

Example: a pool whose authority is kept on another machine
  authority$ sv2kit keys new authority.key
  pool$      sv2kit keys new --static pool.key
  authority$ sv2kit keys sign --authority authority.key --static <what the pool's command printed> --out pool.cert
  pool$      # copy pool.cert here; again before it expires, no restart needed
`;

/** `sv2kit keys …`. */
export const keys: Command = {
  name: 'keys',
  summary: 'Makes, shows and signs keys and certificates.',
  run(argv, terminal) {
    return runSubcommand(subcommands, overview, argv, terminal);
  },
};
