import { EXIT, nearest, parseOptions, UsageError } from '@sv2kit/daemon';
import { EXPORTS, exportCsv } from '@sv2kit/ledger';
import { whole } from '../template/pictures.ts';
import type { Terminal } from '../terminal.ts';
import { openOutput, type Output, ReaderGone } from './output.ts';
import { PLACE_OPTIONS, placeHelp, readPlace } from './place.ts';
import { Progress } from './progress.ts';
import { openReports } from './reports.ts';
import type { Subcommand } from '../subcommands.ts';

const help = `Writes a table of the ledger as CSV (RFC 4180), however long it is.

Usage: sv2kit ledger export [OPTIONS] --csv TABLE

TABLE is one of
  shares    each share that the journal still has, accepted or not
  work      accepted work by worker, channel and minute; by the hour where it is old
  workers   what each worker has done since the ledger began
  blocks    blocks found, and what became of them
  payouts   what accounts were paid, by coinbases and by payments
  dues      what each block owes each account, and what became of that
  owed      what is to be paid to each account now: the list for 'sv2kit ledger paid --from' once it has been

      --csv TABLE         the table
      --since TIME        shares and work from this time on: 2026-08-20, or 2026-08-20T12:00:00Z
      --until TIME        shares and work before this time
  -o, --out FILE          a new file instead of standard output
${placeHelp.replace(/^.*--json.*\n/m, '')}

Times are UTC. 'difficulty' is for people and rates; 'work' is the exact sum of the same in units of 2^-96. Miners choose
their names: a text that a spreadsheet would take for a formula begins with ' here, and so does one that began with '.

Examples:
  sv2kit ledger export --config pool.toml --csv workers --out workers.csv
  sv2kit ledger export --data-dir pool-data --csv shares --since 2026-08-20 | gzip > shares.csv.gz
`;

const { json: _, ...PLACE } = PLACE_OPTIONS;
const OPTIONS = {
  ...PLACE,
  csv: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
  out: { type: 'string', short: 'o' },
} as const;

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseOptions(argv, OPTIONS);
  const table = tableOf(values.csv);
  const range = { ...timeOf('sinceMs', '--since', values.since), ...timeOf('untilMs', '--until', values.until) };
  const place = await readPlace(values);
  const progress = new Progress(terminal, 'written');
  const output = await openOutput(values.out, terminal);
  try {
    await exportCsv({
      dataDir: place.dataDir,
      table,
      range,
      snapshot: async (run) => {
        await using reports = openReports(place);
        await reports.snapshot(run);
      },
      write: (part) => output.write(part),
      onRow: (rows) => progress.say(() => `${whole(rows)} lines`),
    });
  } catch (error) {
    return await abandoned(output, error);
  }
  await output.finish();
  return EXIT.ok;
}

async function abandoned(output: Output, error: unknown): Promise<number> {
  await output.abandon();
  if (error instanceof ReaderGone) return EXIT.ok;
  throw error;
}

function tableOf(name: string | undefined): string {
  if (name === undefined) throw new UsageError(`--csv TABLE is missing: one of ${EXPORTS.join(', ')}`);
  if (EXPORTS.includes(name)) return name;
  const meant = nearest(name, EXPORTS);
  throw new UsageError(
    `--csv ${name}: there is no such table${meant === undefined ? `, but ${EXPORTS.join(', ')}` : `; did you mean '${meant}'?`}`,
  );
}

function timeOf<K extends string>(key: K, option: string, value: string | undefined): Partial<Record<K, number>> {
  if (value === undefined) return {};
  const timeMs = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(timeMs)) throw new UsageError(`${option} ${value} is not a time like 2026-08-20T12:00:00Z`);
  // The one key is K.
  return { [key]: timeMs } as Partial<Record<K, number>>;
}

export const exportTable: Subcommand = { name: 'export', summary: 'Writes its tables as CSV.', help, run };
