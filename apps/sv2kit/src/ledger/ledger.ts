import { KeepingError, LEDGER_ERRORS, LedgerError } from '@sv2kit/ledger';
import { type Command, CommandError } from '../command.ts';
import { runSubcommand, type Subcommand } from '../subcommands.ts';
import { audit } from './audit.ts';
import { backup } from './backup.ts';
import { exportTable } from './export.ts';
import { paid } from './paid.ts';
import { rebuild } from './rebuild.ts';
import { show } from './show.ts';
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
  async run(argv, terminal) {
    try {
      return await runSubcommand(subcommands, overview, argv, terminal);
    } catch (error) {
      throw explained(error);
    }
  },
};

/** What people can mend is said in a line. */
function explained(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const mendable = error instanceof KeepingError || error instanceof LedgerError || FILE_ERRORS.has(code);
  if (!(error instanceof Error) || !mendable) return error;
  const remedy = code === 'ledger-database-damaged' ? `. ${LEDGER_ERRORS[code]}` : '';
  return new CommandError(`${error.message}${remedy}`, { cause: error });
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
