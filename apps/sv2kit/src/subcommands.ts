import { EXIT, nearest, UsageError } from '@sv2kit/daemon';
import { type Command, wantsHelp } from './command.ts';
import type { Terminal } from './terminal.ts';

/** One word after a command, as `backup` in `sv2kit ledger backup`. */
export interface Subcommand extends Command {
  readonly help: string;
}

/**
 * Runs the one that `argv` begins with, or shows help.
 *
 * @param argv words after the command
 * @param overview the command's own help
 * @throws UsageError for none, or one that there is not
 */
export async function runSubcommand(
  subcommands: readonly Subcommand[],
  overview: string,
  [name, ...argv]: readonly string[],
  terminal: Terminal,
): Promise<number> {
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
}
