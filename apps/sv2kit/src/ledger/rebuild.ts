import { EXIT, parseOptions } from '@sv2kit/daemon';
import { KeepingError, type Rebuilt, rebuildDatabase } from '@sv2kit/ledger';
import { CommandError } from '../command.ts';
import { table, whole } from '../template/pictures.ts';
import type { Terminal } from '../terminal.ts';
import { ledgerJson } from './json-line.ts';
import { PLACE_OPTIONS, placeHelp, readPlace } from './place.ts';
import { Progress } from './progress.ts';
import type { Subcommand } from '../subcommands.ts';

const help = `Makes the database anew from the journal. The role must not run.

Usage: sv2kit ledger rebuild [OPTIONS]

A SQLite database is replaced when the new one is whole; the tables in a PostgreSQL are emptied first. Single shares come
back as far as the journal has them, until the role's own upkeep removes what is kept no longer.

      --partial           also when the first files of the journal are gone (journal_days): sums then begin with what
                          is left, and what only the old database knew is lost
${placeHelp}

Examples:
  sv2kit ledger rebuild --config pool.toml
  sv2kit ledger rebuild --data-dir pool-data --postgres postgres-url
`;

const OPTIONS = { ...PLACE_OPTIONS, partial: { type: 'boolean' } } as const;

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseOptions(argv, OPTIONS);
  const { dataDir, database } = await readPlace(values);
  if (database.kind === 'none') throw new CommandError('there is no database: the configuration says so');
  const progress = new Progress(terminal, 'at');
  const rebuilt = await rebuildDatabase({
    dataDir,
    database,
    partial: values.partial === true,
    onProgress: (position, last) => progress.say(() => `record ${whole(position)} of ${whole(last)}`),
  }).catch((error: unknown) => {
    if (!(error instanceof KeepingError && error.code === 'keeping-partial')) throw error;
    throw new CommandError(`${error.message}; --partial does it nevertheless`, { cause: error });
  });
  const where = database.kind === 'sqlite' ? database.file : 'PostgreSQL';
  terminal.out(values.json === true ? ledgerJson({ database: where, ...rebuilt }) : asText(where, rebuilt));
  return EXIT.ok;
}

function asText(where: string, { firstPosition, position, deadLetters }: Rebuilt): string {
  return table([
    ['database', where],
    ['journal', `records ${whole(firstPosition)} to ${whole(position)}`],
    ...(deadLetters > 0 ? [['set aside', `${whole(deadLetters)} records that cannot be applied`]] : []),
  ]);
}

export const rebuild: Subcommand = { name: 'rebuild', summary: 'Makes the database anew from the journal.', help, run };
