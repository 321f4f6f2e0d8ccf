import { join } from 'node:path';
import type { Mismatch } from './config.ts';
import type { ValuesOf } from './field.ts';
import { choice, integer, optional, secret, section } from './values.ts';

const DATABASES = ['sqlite', 'postgres', 'none'] as const;
const POSTGRES_URL = /^postgres(?:ql)?:\/\/([^/]*@)?/;
const EXAMPLE = 'postgres_url = "file:postgres-url"';

/** The keys of `[ledger]`: where a role's journal is projected to, and how long what is kept. */
export const ledgerSection = section(
  'Reports of the shares and blocks that the journal keeps. The journal is the truth: mining goes on whatever becomes of ' +
    'the database, and sv2kit ledger rebuild makes it anew.',
  {
    database: choice(DATABASES, 'sqlite', 'The file ledger.sqlite in data_dir, a PostgreSQL server, or no reports.'),
    postgresUrl: optional(
      secret(
        'file:postgres-url',
        'For database = "postgres": postgres://user:password@host:5432/name, better in a file of its own.',
      ),
    ),
    sharesDays: integer(7, 'Days that single shares are listed; their sums stay.', { min: 0, max: 36_500 }),
    minutesDays: integer(35, 'Days with sums by the minute; older ones are by the hour.', { min: 1, max: 36_500 }),
    journalDays: integer(0, "Days that the journal's own files stay once they are projected; 0: for ever.", {
      min: 0,
      max: 36_500,
    }),
  },
);
/** `[ledger]` as it is read. */
export type LedgerConfig = ValuesOf<typeof ledgerSection.fields>;

/** Where a journal is projected to, as `packages/ledger` takes it. */
export type LedgerDatabase =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string }
  | { readonly kind: 'none' };

/** To be spread into the options of `openLedger`. */
export interface LedgerSettings {
  readonly directory: string;
  readonly database: LedgerDatabase;
  readonly retention: { readonly sharesDays: number; readonly minutesDays: number; readonly journalDays: number };
}

/** The ledger of a role by its configuration. */
export function ledgerSettings({
  dataDir,
  ledger,
}: {
  readonly dataDir: string;
  readonly ledger: LedgerConfig;
}): LedgerSettings {
  const { sharesDays, minutesDays, journalDays } = ledger;
  return {
    directory: dataDir,
    database: databaseOf(dataDir, ledger),
    retention: { sharesDays, minutesDays, journalDays },
  };
}

function databaseOf(dataDir: string, { database, postgresUrl }: LedgerConfig): LedgerDatabase {
  switch (database) {
    case 'sqlite':
      return { kind: 'sqlite', file: join(dataDir, 'ledger.sqlite') };
    case 'postgres':
      return { kind: 'postgres', url: postgresUrl?.reveal() ?? '' };
    case 'none':
      return { kind: 'none' };
    default:
      return database satisfies never;
  }
}

/** `postgres` needs a URL, and nothing else does. For the `check` of a configuration. */
export function checkLedger({ database, postgresUrl }: LedgerConfig): readonly Mismatch[] {
  const key = 'ledger.postgres_url';
  if (database !== 'postgres') {
    if (postgresUrl === undefined) return [];
    return [{ key, wrong: `is set, but database is "${database}"`, example: 'database = "postgres"' }];
  }
  if (postgresUrl === undefined)
    return [{ key, wrong: 'is missing, which database = "postgres" needs', example: EXAMPLE }];
  if (isPostgresUrl(postgresUrl.reveal())) return [];
  return [{ key, wrong: 'is no URL like postgres://user:password@host:5432/name', example: EXAMPLE }];
}

/** The host may be missing, where `?host=` names the folder of a socket. */
function isPostgresUrl(given: string): boolean {
  const [scheme] = POSTGRES_URL.exec(given) ?? [];
  if (scheme === undefined) return false;
  const rest = given.slice(scheme.length);
  return URL.canParse(`${scheme}${/^[/?]|^$/.test(rest) ? 'localhost' : ''}${rest}`);
}
