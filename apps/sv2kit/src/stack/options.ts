import type { PrivateChain } from '@sv2kit/bitcoind';
import { nearest, parseOptions, UsageError } from '@sv2kit/daemon';
import {
  JD_CLIENT,
  JD_SERVER,
  type MiningPath,
  PATHS,
  POOL,
  TEMPLATE_PROVIDER,
  TRANSLATOR,
  TRANSLATOR_TO_V1,
} from './plan.ts';
import { DASHBOARD } from './dashboard.ts';
import type { NodeLink } from './node-link.ts';
import type { PortWishes } from './ports.ts';

/** What was asked for. */
export interface StackOptions {
  readonly chain: PrivateChain;
  /** End with success after so many blocks; run until stopped when absent. */
  readonly blocks?: number;
  /** At the pool itself. */
  readonly devices: number;
  /** Behind the translator. */
  readonly v1Devices: number;
  /** One more, behind a translator of the other direction whose V1 pool the first one is. */
  readonly v2OnV1: boolean;
  readonly paths: readonly MiningPath[];
  /** Everything the stack writes is below it, the report aside. */
  readonly dataDir: string;
  readonly report?: string;
  readonly bitcoind?: string;
  /** How the roles speak to their bitcoinds. */
  readonly link: NodeLink;
  readonly deadlineSeconds?: number;
  readonly json: boolean;
  /** Whether a page shows what goes on. */
  readonly dashboard: boolean;
  /** Whether there are transactions to be mined. */
  readonly payments: boolean;
  readonly ports: PortWishes;
}

const DEFAULT_DATA_DIR = '.sv2kit/stack';
const DEFAULT_DEVICES = 2;
const DEFAULT_V1_DEVICES = 1;
const DEFAULT_DEADLINE_SECONDS = 600;
const MAX_DEVICES = 64;
const DEFAULT_PATHS: readonly MiningPath[] = ['pool-template', 'declared-full-template'];
/** Those whose port can be chosen. */
const SERVICES = [TEMPLATE_PROVIDER, POOL, JD_SERVER, JD_CLIENT, TRANSLATOR, TRANSLATOR_TO_V1, DASHBOARD] as const;

export const stackHelp = `Runs the whole stack on this machine: a pool's side and a miner's, each with a bitcoind and a template provider of its
own, the pool with its job declarator server, the miner's job declarator client, a translator for Stratum V1, and mining
devices; each a process of its own, mining blocks on a private chain. They talk encrypted Stratum V2, and behind the
translator Stratum V1. A dashboard shows what goes on, at the address that is printed first: http://127.0.0.1:8080/.

Usage: sv2kit stack [OPTIONS]      (in the repository: npm run stack -- [OPTIONS])

      --blocks N                  end with success once the best chain of every node holds N blocks of this run, one of
                                  each path and of each way to speak in use (via, in the report) among them, unless
                                  N is too few for that; without it the stack runs until Ctrl-C
      --deadline SECONDS          end with failure when it takes longer; ${DEFAULT_DEADLINE_SECONDS} with --blocks, else none
      --paths PATH,PATH...        the ways in which blocks are to come about; ${DEFAULT_PATHS.join(',')}
                                  by default, or all:
                                    pool-template           devices mine the pool's template
                                    declared-full-template  the miner's template, declared to the pool (§6.3)
                                    coinbase-only           the miner's template, of which the pool sees the coinbase
                                    solo                    the miner's template, no pool
      --devices N                 how many devices mine at the pool itself; ${DEFAULT_DEVICES} by default. One more mines behind each job
                                  declarator client. Stratum V2, standard and extended channels by turns
      --v1-devices N              how many devices speak Stratum V1 to the translator, which is a client of the pool or,
                                  without pool-template, of the first job declarator client; ${DEFAULT_V1_DEVICES} by default, 0 for none
      --v2-on-v1                  one more device speaks Stratum V2 to a translator of the other direction, to which the
                                  first translator is a V1 pool; its blocks came over sv2-on-v1
      --regtest                   a regtest chain, where nearly every share is a block; by default a private signet,
                                  where shares are many and blocks are few
      --data DIR                  where everything is kept; ${DEFAULT_DATA_DIR} by default
      --report FILE               write what happened as JSON: blocks, each with its path, its device and what it
                                  speaks (via: sv1, sv2-standard, sv2-extended, sv2-on-v1); shares, roles, latency
      --bitcoind PATH             the bitcoind to run; by default $BITCOIND, then the PATH, then one that is downloaded
      --ipc                       the roles speak to their bitcoinds over Bitcoin Core's IPC, and over RPC while that is
                                  away. It takes Bitcoin Core's bitcoin-node, or its wrapper bitcoin: --bitcoind, by
                                  default $BITCOIN_NODE, then the PATH
      --ipc-only                  the same without RPC
      --json                      one line of JSON per event instead of text
      --no-dashboard              without the dashboard
      --no-payments               blocks without transactions; by default both nodes get some every second, of many sizes
                                  and fee rates, of which each keeps a few out of its templates for a while. They spend
                                  the stack's own rewards: from the start on regtest, after 100 blocks on signet
      --template-provider-port N  where the pool's template provider listens; 8442 by default
      --pool-port N               where the pool listens; 3336 by default
      --jd-server-port N          where the job declarator server listens; 3337 by default
      --jd-client-port N          where the job declarator client listens, for devices; 34265 by default
      --translator-port N         where the translator listens, for devices; 34255 by default
      --translator-to-v1-port N   where the translator to V1 listens, for devices; 34256 by default
      --dashboard-port N          where the dashboard serves its page; 8080 by default
      --monitoring-port N         where the first role is monitored, the others on the ports after it; 9080 by default

A default port that is taken is replaced by a free one; a port asked for that is taken is an error.

In DIR: configs/*.toml, a working configuration of every role; logs/*.log; keys/; the chains; the journals.

Examples:
  sv2kit stack
  sv2kit stack --blocks 5 --report out.json
  sv2kit stack --paths all --blocks 8
  sv2kit stack --regtest --devices 4 --v1-devices 4 --blocks 20
  sv2kit stack --v2-on-v1                       # both directions of translation in a row
  sv2kit stack --paths solo                     # Stratum V1 and V2 devices, each block the miner's own
  sv2kit stack --bitcoind /opt/bitcoin/bin/bitcoind --data /tmp/stack
  BITCOIN_NODE=/opt/bitcoin/libexec/bitcoin-node sv2kit stack --ipc --blocks 5 --report out.json
  sv2kit stack --ipc-only --bitcoind /opt/bitcoin/bin/bitcoin

Exit codes: 0 done or stopped as asked, 1 failed or too late, 2 wrong usage, 3 no node with IPC where one is wanted, or
one whose IPC is of no use with --ipc-only, 130 or 143 interrupted before --blocks.
`;

const OPTIONS = {
  blocks: { type: 'string' },
  deadline: { type: 'string' },
  devices: { type: 'string' },
  'v1-devices': { type: 'string' },
  'v2-on-v1': { type: 'boolean' },
  regtest: { type: 'boolean' },
  data: { type: 'string' },
  report: { type: 'string' },
  bitcoind: { type: 'string' },
  ipc: { type: 'boolean' },
  'ipc-only': { type: 'boolean' },
  json: { type: 'boolean' },
  'no-dashboard': { type: 'boolean' },
  'no-payments': { type: 'boolean' },
  paths: { type: 'string' },
  'template-provider-port': { type: 'string' },
  'pool-port': { type: 'string' },
  'jd-server-port': { type: 'string' },
  'jd-client-port': { type: 'string' },
  'translator-port': { type: 'string' },
  'translator-to-v1-port': { type: 'string' },
  'dashboard-port': { type: 'string' },
  'monitoring-port': { type: 'string' },
} as const;

/** @throws UsageError */
export function parseStackOptions(argv: readonly string[]): StackOptions {
  const { values } = parseOptions(argv, OPTIONS);
  const whole = (name: keyof typeof values, min: number, max: number): number | undefined => {
    const given = values[name];
    if (typeof given !== 'string') return undefined;
    const value = Number(given);
    if (/^\d+$/.test(given) && value >= min && value <= max) return value;
    throw new UsageError(`--${name} ${given}: a whole number from ${min} to ${max} is wanted`);
  };
  const blocks = whole('blocks', 1, 1_000_000);
  const deadlineSeconds =
    whole('deadline', 1, 10_000_000) ?? (blocks === undefined ? undefined : DEFAULT_DEADLINE_SECONDS);
  const paths = readPaths(values.paths);
  const counts = {
    devices: whole('devices', 0, MAX_DEVICES) ?? DEFAULT_DEVICES,
    v1Devices: whole('v1-devices', 0, MAX_DEVICES) ?? DEFAULT_V1_DEVICES,
    v2OnV1: values['v2-on-v1'] === true,
  };
  if (paths.includes('pool-template') && counts.devices + counts.v1Devices === 0 && !counts.v2OnV1) {
    throw new UsageError("--devices 0 --v1-devices 0: nobody would mine the pool's template; see --paths");
  }
  if (values['no-dashboard'] === true && values['dashboard-port'] !== undefined) {
    throw new UsageError('--no-dashboard and --dashboard-port: one or the other');
  }
  for (const name of ['data', 'report', 'bitcoind'] as const) {
    if (values[name] === '') throw new UsageError(`--${name}: a path is wanted`);
  }
  return {
    chain: values.regtest === true ? 'regtest' : 'signet',
    ...counts,
    dataDir: values.data ?? DEFAULT_DATA_DIR,
    json: values.json === true,
    dashboard: values['no-dashboard'] !== true,
    payments: values['no-payments'] !== true,
    link: values['ipc-only'] === true ? 'ipc' : values.ipc === true ? 'ipc+rpc' : 'rpc',
    paths,
    ports: {
      services: new Map(
        SERVICES.flatMap((name) => {
          const port = whole(`${name}-port`, 1, 65_535);
          return port === undefined ? [] : [[name, port] as const];
        }),
      ),
      ...defined({ monitoring: whole('monitoring-port', 1, 65_535) }),
    },
    ...defined({ blocks, deadlineSeconds, report: values.report, bitcoind: values.bitcoind }),
  };
}

/** Without repetitions, in the order of their declaration. */
function readPaths(given: string | undefined): readonly MiningPath[] {
  if (given === undefined) return DEFAULT_PATHS;
  const words = given === 'all' ? PATHS : given.split(',');
  for (const word of words) {
    if (PATHS.some((path) => path === word)) continue;
    const meant = nearest(word, PATHS);
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
    throw new UsageError(`--paths ${given}: '${word}' is none of ${PATHS.join(', ')}${hint}`);
  }
  return PATHS.filter((path) => words.includes(path));
}

/** The entries that have a value. */
function defined<T extends Record<string, unknown>>(entries: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
