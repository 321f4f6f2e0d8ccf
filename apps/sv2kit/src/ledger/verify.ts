import { EXIT, parseOptions } from '@sv2kit/daemon';
import { FINDING_REASONS, type Verification, verifyLedger } from '@sv2kit/ledger';
import { table, whole } from '../template/pictures.ts';
import type { Terminal } from '../terminal.ts';
import { ledgerJson } from './json-line.ts';
import { PLACE_OPTIONS, placeHelp, readPlace } from './place.ts';
import { megabytes, Progress } from './progress.ts';
import { hasDatabase, openReports } from './reports.ts';
import type { Subcommand } from '../subcommands.ts';

const codes = Object.entries(FINDING_REASONS)
  .map(([code, meaning]) => `  ${code.padEnd(20)}${meaning}`)
  .join('\n');

const help = `Reads a whole ledger, or a backup of one, and says what is not as it should be.

Usage: sv2kit ledger verify [OPTIONS]

Every record of the journal is read: checksums, no gap, boot epochs that rise, shares of channels that were opened. Of a
backup, every file is what the manifest says. The database is held against sums made anew from the journal.

${placeHelp}

What can be found:
${codes}

Examples:
  sv2kit ledger verify --config pool.toml
  sv2kit ledger verify --data-dir /backups/pool-monday --json

Exit codes: 0 all is well, 1 something was found, 2 wrong usage.
`;

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseOptions(argv, PLACE_OPTIONS);
  const place = await readPlace(values);
  const progress = new Progress(terminal, 'read');
  await using reports = hasDatabase(place) ? openReports(place) : undefined;
  const found = await verifyLedger({
    directory: place.dataDir,
    snapshot: reports && ((run) => reports.snapshot(run)),
    onProgress: (done, total) => progress.say(() => `${megabytes(done)} of ${megabytes(total)}`),
  });
  terminal.out(values.json === true ? asJson(place.dataDir, found) : asText(place.dataDir, found));
  return found.findings.length === 0 ? EXIT.ok : EXIT.failed;
}

function asJson(directory: string, { manifest, ...found }: Verification): string {
  return ledgerJson({ directory, ...(manifest === undefined ? {} : { takenMs: manifest.takenMs }), ...found });
}

function asText(
  directory: string,
  { kind, manifest, journals, database, notCompared, findings }: Verification,
): string {
  const facts = table([
    [kind, directory],
    ...(manifest === undefined ? [] : [['taken', new Date(manifest.takenMs).toISOString()]]),
    ...journals.map(({ name, firstPosition, lastPosition, bytes, bootEpoch, unfinishedBytes }) => [
      name,
      [
        lastPosition < firstPosition ? 'no records' : `records ${whole(firstPosition)} to ${whole(lastPosition)}`,
        megabytes(bytes),
        `boot epoch ${bootEpoch ?? 'unknown'}`,
        ...(unfinishedBytes > 0 ? [`${unfinishedBytes} bytes of an unfinished write`] : []),
      ].join(', '),
    ]),
    ['database', database === undefined ? (notCompared ?? 'none') : databaseText(database)],
  ]);
  if (findings.length === 0) return `${facts}\nAll is well.\n`;
  return `${facts}\nFound\n${table(findings.map(({ code, where, text }) => ['', code, where, text]))}`;
}

function databaseText({ name, position, workers, blocks, deadLetters }: NonNullable<Verification['database']>): string {
  const aside = deadLetters > 0 ? [`${whole(deadLetters)} records set aside`] : [];
  return [
    name,
    `up to record ${whole(position)}`,
    `${whole(workers)} workers`,
    `${whole(blocks)} blocks`,
    ...aside,
  ].join(', ');
}

export const verify: Subcommand = { name: 'verify', summary: 'Reads all of it, and says what is wrong.', help, run };
