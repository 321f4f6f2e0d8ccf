import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError, type ConfigSources, ledgerSettings, loadConfig, serviceConfig, UsageError } from '@sv2kit/daemon';
import type { DatabaseOptions } from '@sv2kit/ledger';
import { CommandError, reasonOf } from '../command.ts';

/** Options that say which ledger is meant. */
export const PLACE_OPTIONS = {
  'data-dir': { type: 'string' },
  config: { type: 'string' },
  postgres: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const placeHelp = `      --data-dir DIR      the data_dir of a role, or a backup of one
      --config FILE       instead: the configuration of the role, which also says where its database is
      --postgres FILE     with --data-dir: the database is PostgreSQL, and FILE holds its URL
      --json              JSON for programs
  -h, --help              print this help`;

/** Where a ledger is. */
export interface Place {
  readonly dataDir: string;
  readonly database: DatabaseOptions;
}

interface PlaceValues {
  readonly 'data-dir'?: string | undefined;
  readonly config?: string | undefined;
  readonly postgres?: string | undefined;
}

/** @throws UsageError when it is not said, or not clearly; CommandError when there is none */
export async function readPlace(values: PlaceValues): Promise<Place> {
  const { 'data-dir': dataDir, config, postgres } = values;
  if ((dataDir === undefined) === (config === undefined)) {
    throw new UsageError('either --data-dir DIR or --config FILE is wanted');
  }
  if (config !== undefined && postgres !== undefined) throw new UsageError('--postgres goes with --data-dir');
  const place =
    dataDir === undefined ? await configured(config ?? '') : { dataDir, database: database(dataDir, postgres) };
  if (!existsSync(join(place.dataDir, 'journal'))) {
    throw new CommandError(`${place.dataDir} holds no ledger: there is no folder journal in it`);
  }
  return { ...place, dataDir: resolve(place.dataDir) };
}

function database(dataDir: string, postgres: string | undefined): DatabaseOptions {
  if (postgres === undefined) return { kind: 'sqlite', file: join(dataDir, 'ledger.sqlite') };
  try {
    return { kind: 'postgres', url: readFileSync(postgres, 'utf8').trim() };
  } catch (error) {
    throw new CommandError(`${postgres}: cannot be read (${reasonOf(error)})`, { cause: error });
  }
}

/** Roles that keep a ledger, each as it reads its configuration. */
const ROLES: readonly ((sources: Omit<ConfigSources, 'name'>) => Promise<Place>)[] = [
  async (sources) => {
    const { poolWithV1Config } = await import('../compose/pool-with-v1.ts');
    return placeOf(loadConfig(serviceConfig(poolWithV1Config), { name: 'pool', ...sources }));
  },
  async (sources) => {
    const { poolWithJdsConfig } = await import('../compose/pool-with-jds.ts');
    return placeOf(loadConfig(serviceConfig(poolWithJdsConfig), { name: 'pool-with-jds', ...sources }).pool);
  },
  async (sources) => {
    const { jdClientConfig } = await import('@sv2kit/jd-client');
    return placeOf(loadConfig(serviceConfig(jdClientConfig), { name: 'jd-client', ...sources }));
  },
  async (sources) => {
    const { jdServerConfig } = await import('@sv2kit/jd-server');
    const { dataDir } = loadConfig(serviceConfig(jdServerConfig), { name: 'jd-server', ...sources });
    return { dataDir, database: { kind: 'none' } };
  },
  async (sources) => {
    const { soloConfig } = await import('../solo/config.ts');
    const { dataDir } = loadConfig(serviceConfig(soloConfig), { name: 'solo', ...sources });
    return { dataDir, database: database(dataDir, undefined) };
  },
  async (sources) => {
    const { translatorToV1Config } = await import('@sv2kit/translator');
    return placeOf(loadConfig(serviceConfig(translatorToV1Config), { name: 'translator-to-v1', ...sources }));
  },
];

function placeOf(config: Parameters<typeof ledgerSettings>[0]): Place {
  const { directory, database } = ledgerSettings(config);
  return { dataDir: directory, database };
}

/** The file is of the role whose configuration it is; when of none, what is said is what is nearest. */
async function configured(file: string): Promise<Place> {
  const errors: ConfigError[] = [];
  for (const read of ROLES) {
    try {
      return await read({ file, environment: process.env });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      errors.push(error);
    }
  }
  const strange = ({ problems }: ConfigError): number =>
    problems.filter(({ wrong }) => wrong.startsWith('is not a known key')).length;
  const [nearest] = errors.toSorted((a, b) => strange(a) - strange(b) || a.problems.length - b.problems.length);
  throw new UsageError(`the configuration cannot be used\n  ${nearest?.message.replaceAll('\n', '\n  ') ?? ''}`);
}
