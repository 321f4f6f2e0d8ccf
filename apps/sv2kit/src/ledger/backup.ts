import { EXIT, parseOptions, UsageError } from '@sv2kit/daemon';
import { backupLedger, type Manifest } from '@sv2kit/ledger';
import { table, whole } from '../template/pictures.ts';
import type { Terminal } from '../terminal.ts';
import { ledgerJson } from './json-line.ts';
import { PLACE_OPTIONS, type Place, placeHelp, readPlace } from './place.ts';
import { megabytes, Progress } from './progress.ts';
import type { Subcommand } from '../subcommands.ts';

const help = `Copies a ledger to a new folder, while its role runs or not.

Usage: sv2kit ledger backup [OPTIONS] TO

TO is a folder that is not there yet; it gets its name when it is whole and on disk. What an interrupted backup leaves
is called TO.unfinished-… and can be removed. In it are the journals up to their last whole batch, the SQLite database
of a moment before, and a manifest with the checksums of all files. Configuration and keys are not in it.

TO is laid out as a data_dir. To restore, stop the role and copy it to where no folder is:

  sv2kit ledger verify --data-dir /backups/pool-monday
  mv pool-data pool-data.broken; cp -a /backups/pool-monday pool-data

The role then goes on behind the last record of the backup. It hands out extranonces that neither the original nor
another copy of the backup has handed out: a restored backup begins far above the boot epochs there were. What was
recorded after the backup is not in it, so never let the original and the copy both pay.

A PostgreSQL database is not in it: pg_dump copies that, and 'sv2kit ledger rebuild' makes it from the journal. After a
restore the database is ahead of the journal, which the role says and refuses to mix: rebuild it then.

      --link PREVIOUS     an earlier backup on the same file system: files of the journal that are the same there are
                          linked, and take no more room
${placeHelp}

Examples:
  sv2kit ledger backup --config pool.toml /backups/pool-monday
  sv2kit ledger backup --config pool.toml /backups/pool-tuesday --link /backups/pool-monday
  sv2kit ledger backup --data-dir pool-data "/backups/$(date +%F)" --json
`;

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseOptions(argv, { ...PLACE_OPTIONS, link: { type: 'string' } }, 1);
  const [to] = positionals;
  if (to === undefined) throw new UsageError('the folder TO is missing');
  const place = await readPlace(values);
  const progress = new Progress(terminal, 'copied');
  const manifest = await backupLedger({
    dataDir: place.dataDir,
    to,
    nowMs: terminal.now(),
    ...(values.link === undefined ? {} : { previous: values.link }),
    onProgress: (done, total) => progress.say(() => `${megabytes(done)} of ${megabytes(total)}`),
  });
  if (manifest.leftOut !== undefined) {
    terminal.error(`the database is left out, for it cannot be read: ${manifest.leftOut}\n`);
  }
  terminal.out(values.json === true ? ledgerJson({ to, ...manifest }) : asText(to, manifest, place));
  return EXIT.ok;
}

function asText(to: string, { journals, database, files }: Manifest, place: Place): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const postgres = "not in it: pg_dump copies the PostgreSQL, 'sv2kit ledger rebuild' makes it from the journal";
  return table([
    ['backup', to],
    ...journals.map(({ name, firstPosition, lastPosition }) => [
      name,
      lastPosition < firstPosition ? 'no records' : `records ${whole(firstPosition)} to ${whole(lastPosition)}`,
    ]),
    ['database', database?.path ?? (place.database.kind === 'postgres' ? postgres : 'none')],
    ['files', `${files.length}, ${megabytes(bytes)}`],
  ]);
}

export const backup: Subcommand = { name: 'backup', summary: 'Copies it while it is used.', help, run };
