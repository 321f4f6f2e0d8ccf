import { EXIT, nearest, UsageError } from '@sv2kit/daemon';
import { KeepingError, LedgerError } from '@sv2kit/ledger';
import { type Command, CommandError, wantsHelp } from '../command.ts';
import type { Terminal } from '../terminal.ts';
import { audit } from './audit.ts';
import { backup } from './backup.ts';
import { exportTable } from './export.ts';
import { paid } from './paid.ts';
import { rebuild } from './rebuild.ts';
import { show } from './show.ts';
import type { Subcommand } from './subcommand.ts';
import { verify } from './verify.ts';

const subcommands: readonly Subcommand[] = [show, backup, verify, exportTable, audit, paid, rebuild];

const overview = `The record of shares, blocks and payouts that a pool, a job declarator client or a translator keeps.

Usage: sv2kit ledger COMMAND

${subcommands.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`).join('\n')}

The journal in data_dir is the truth; the database beside it, or a PostgreSQL, is made from it and can be made anew.
All of these but rebuild may be used while the role runs.

Examples:
  sv2kit ledger show --config pool.toml
  sv2kit ledger backup --config pool.toml /backups/pool-monday
  sv2kit ledger export --config pool.toml --csv workers

Exit codes: 0 done and all is well, 1 failed or something is not as it should be, 2 wrong usage.
`;

/** `sv2kit ledger …`. */
export const ledger: Pick<Command, 'run'> = {
  async run([name, ...argv], terminal) {
    const subcommand = subcommands.find((candidate) => candidate.name === name);
    if (subcommand !== undefined) {
      if (!wantsHelp(argv)) return await running(subcommand, argv, terminal);
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

/** What people can mend is said in a line. */
async function running(subcommand: Subcommand, argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await subcommand.run(argv, terminal);
  } catch (error) {
    if (error instanceof KeepingError || error instanceof LedgerError) {
      throw new CommandError(error.message, { cause: error });
    }
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (error instanceof Error && FILE_ERRORS.has(code)) throw new CommandError(error.message, { cause: error });
    throw error;
  }
}

const FILE_ERRORS: ReadonlySet<string> = new Set([
  'EACCES',
  'EDQUOT',
  'EIO',
  'ENOENT',
  'ENOSPC',
  'ENOTDIR',
  'EPERM',
  'EROFS',
]);
