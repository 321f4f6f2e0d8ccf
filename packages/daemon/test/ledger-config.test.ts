import { describe, expect, test } from 'vitest';
import {
  checkLedger,
  config,
  type LedgerConfig,
  ledgerSection,
  ledgerSettings,
  parseConfig,
  path,
} from '../src/index.ts';

const declared = config(
  { dataDir: path('data', 'Data.'), ledger: ledgerSection },
  { check: ({ ledger }) => checkLedger(ledger) },
);
const read = (toml: string) => parseConfig(declared, toml, { name: 'test', environment: {} });
const settings = (toml: string) => {
  const given: { readonly dataDir: string; readonly ledger: LedgerConfig } = read(toml);
  return ledgerSettings(given);
};

describe('[ledger]', () => {
  test('is a SQLite file in data_dir when nothing is said', () => {
    expect(settings('data_dir = "/var/lib/pool"')).toEqual({
      directory: '/var/lib/pool',
      database: { kind: 'sqlite', file: '/var/lib/pool/ledger.sqlite' },
      retention: { sharesDays: 7, minutesDays: 35, journalDays: 0 },
    });
  });

  test.each([
    'postgres://pool:secret@db.example:5432/ledger',
    'postgresql://db.example/ledger',
    'postgres://pool@/ledger?host=/run/postgresql',
    'postgres:///ledger?host=/run/postgresql',
  ])('takes %s', (url) => {
    const { database } = settings(`data_dir = "/d"\n[ledger]\ndatabase = "postgres"\npostgres_url = "${url}"`);
    expect(database).toEqual({ kind: 'postgres', url });
  });

  test.each([
    { ledger: 'database = "postgres"', problem: 'postgres_url' },
    { ledger: 'database = "postgres"\npostgres_url = "db.example"', problem: 'is no URL' },
    { ledger: 'database = "postgres"\npostgres_url = "mysql://u:secret@db/x"', problem: 'is no URL' },
    { ledger: 'postgres_url = "postgres://u:secret@db/x"', problem: 'database is "sqlite"' },
  ])('refuses $ledger, without telling the secret', ({ ledger, problem }) => {
    const reading = () => read(`data_dir = "/d"\n[ledger]\n${ledger}`);
    expect(reading).toThrow(problem);
    expect(reading).not.toThrow('secret@');
  });
});
