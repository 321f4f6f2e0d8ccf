import { EXIT, nearest, UsageError } from '@sv2kit/daemon';
import { type Command, wantsHelp } from '../command.ts';
import { newKey } from './new.ts';
import { showKeys } from './show.ts';
import { signKey } from './sign.ts';

const subcommands: readonly (Command & { readonly help: string })[] = [newKey, showKeys, signKey];

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
  async run([name, ...argv], terminal) {
    const subcommand = subcommands.find((candidate) => candidate.name === name);
    if (subcommand !== undefined) {
      if (!wantsHelp(argv)) return await subcommand.run(argv, terminal);
      terminal.out(subcommand.help);
      return EXIT.ok;
    }
    if (name === '--help' || name === '-h') {
      terminal.out(overview);
      return EXIT.ok;
    }
    const names = subcommands.map((candidate) => candidate.name);
    if (name === undefined) throw new UsageError(`one of ${names.join(', ')} is wanted`);
    const meant = nearest(name, names);
    throw new UsageError(`there is no '${name}'${meant === undefined ? '' : `; did you mean '${meant}'?`}`);
  },
};
