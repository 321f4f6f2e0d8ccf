import type { Command } from '../command.ts';
import { runSubcommand, type Subcommand } from '../subcommands.ts';
import { exclude, forget, include, prioritise } from './choose.ts';
import { diff } from './diff.ts';
import { list } from './list.ts';
import { show } from './show.ts';

const subcommands: readonly Subcommand[] = [show, diff, prioritise, exclude, include, forget, list];

const overview = `What your own node has mined: look at it, hold it against the pool's, and choose.

Usage: sv2kit template COMMAND

${subcommands.map(({ name, summary }) => `  ${name.padEnd(12)}${summary}`).join('\n')}

With a job declarator client the pool's hashrate of yours mines these templates (Stratum V2, §6). Your node keeps what
you choose; anything else that asks the same node for templates follows it too. All of this goes over the node's RPC,
however the node is mined with: its IPC has no calls for it.

Examples:
  sv2kit template show
  sv2kit template diff stratum2+tcp://pool.example:8442/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh
  sv2kit template exclude 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b
`;

/** `sv2kit template …`. */
export const template: Pick<Command, 'run'> = {
  run(argv, terminal) {
    return runSubcommand(subcommands, overview, argv, terminal);
  },
};
