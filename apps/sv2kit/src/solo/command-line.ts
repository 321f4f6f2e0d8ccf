import { type Host, parseOptions, processHost, UsageError } from '@sv2kit/daemon';
import { splitNodeUrl } from '../node-address.ts';
import type { DashboardPlace } from './dashboard-place.ts';

export const soloHelp = `Mines alone, with your own node: no pool, and every block pays you in full. Miners speak encrypted Stratum V2, or
Stratum V1.

Usage: sv2kit solo --address ADDRESS [OPTIONS]
       sv2kit solo --config FILE

      --address ADDRESS    where blocks pay
      --descriptor TEXT    the same as a descriptor: addr(…), wpkh(…), pkh(…), sh(wpkh(…)), tr(…), raw(…)
      --node URL           your node's RPC, http://[USER:PASSWORD@]HOST:PORT; by default this machine's
      --cookie FILE        its cookie file; by default where Bitcoin Core keeps it
      --ipc PATH           your node's IPC socket; by default where Bitcoin Core keeps it (node.sock beside the cookie
                           file), if it is there. With it no RPC is needed
      --chain NAME         mainnet by default; testnet, testnet4, signet or regtest
      --listen HOST:PORT   where miners connect; 0.0.0.0:34265 by default, which any machine of your network reaches
      --listen-v1 HOST:PORT
                           where miners that speak Stratum V1 connect; 0.0.0.0:34255 by default
      --no-v1              nowhere
      --dashboard HOST:PORT
                           where a page for your browser shows how it goes, with /health, /metrics and /status beside
                           it; 127.0.0.1:8080 by default, or another port if that one is taken. Beyond this machine it
                           wants --dashboard-token; none for no page
      --dashboard-token FILE
                           a token that readers of it must show, at least 16 characters
      --tag TEXT           marks your blocks
      --data DIR           where the key and the journal are kept; solo-data by default
  -c, --config FILE        these as a configuration; what is said on the command line comes first
      --check              check the configuration, then exit
      --example            print an example configuration

The node needs nothing special. Started as bitcoin -m node -ipcbind=unix (Bitcoin Core 31 or later) it hands out its
templates by itself; else, with zmqpubhashblock in its configuration, new blocks are known at once. A node that is away
is waited for. The key in DIR is what miners know this machine by: keep it, and their settings stay right.

Examples:
  sv2kit solo --address bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4
  sv2kit solo --node http://127.0.0.1:8332 --cookie ~/.bitcoin/.cookie --address bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4
  sv2kit solo --ipc /run/bitcoin/node.sock --address bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4
  sv2kit solo --chain signet --address tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx --listen 127.0.0.1:34265
  sv2kit solo --address bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 --no-v1 --dashboard none

Exit codes: 0 stopped as asked, 1 failed while running, 2 wrong usage or configuration.
`;

const OPTIONS = {
  address: { type: 'string' },
  descriptor: { type: 'string' },
  node: { type: 'string' },
  cookie: { type: 'string' },
  ipc: { type: 'string' },
  chain: { type: 'string' },
  listen: { type: 'string' },
  'listen-v1': { type: 'string' },
  'no-v1': { type: 'boolean' },
  dashboard: { type: 'string' },
  'dashboard-token': { type: 'string' },
  /** What it was called before there was a page. */
  monitoring: { type: 'string' },
  tag: { type: 'string' },
  data: { type: 'string' },
  config: { type: 'string', short: 'c' },
  check: { type: 'boolean' },
  example: { type: 'boolean' },
} as const;

const PREFIX = 'SV2KIT_SOLO__';

/** What keys of the configuration are called here. */
const WORDS: Readonly<Record<string, { readonly option: string; readonly variable: string }>> = {
  'coinbase.address': { option: '--address', variable: 'COINBASE__ADDRESS' },
  'coinbase.descriptor': { option: '--descriptor', variable: 'COINBASE__DESCRIPTOR' },
  'coinbase.tag': { option: '--tag', variable: 'COINBASE__TAG' },
  'node.url': { option: '--node', variable: 'NODE__URL' },
  'node.cookie_file': { option: '--cookie', variable: 'NODE__COOKIE_FILE' },
  'node.ipc': { option: '--ipc', variable: 'NODE__IPC' },
  chain: { option: '--chain', variable: 'CHAIN' },
  listen: { option: '--listen', variable: 'LISTEN' },
  listen_v1: { option: '--listen-v1', variable: 'LISTEN_V1' },
  data_dir: { option: '--data', variable: 'DATA_DIR' },
  monitoring: { option: '--dashboard', variable: 'MONITORING' },
  monitoring_token_file: { option: '--dashboard-token', variable: 'MONITORING_TOKEN_FILE' },
};

/** What was said. */
export type SoloOptions = ReturnType<typeof readCommandLine>;

/** @throws UsageError */
export function readCommandLine(argv: readonly string[]) {
  const { values } = parseOptions(argv, OPTIONS);
  const { dashboard, monitoring } = values;
  if (values['no-v1'] === true && values['listen-v1'] !== undefined) {
    throw new UsageError('--no-v1 and --listen-v1 are both given');
  }
  return { ...values, dashboard: dashboard ?? monitoring };
}

/**
 * The process with what was said laid over its environment.
 *
 * @param isSeen somebody is told in lines of their own how it goes: the log is then for what nobody foresaw
 * @throws UsageError
 */
export function soloHost(options: SoloOptions, place: DashboardPlace, isSeen: boolean): Host {
  const host = processHost('sv2kit solo', [
    ...(options.config === undefined ? [] : ['--config', options.config]),
    ...(options.check === true ? ['--check'] : []),
    ...(options.example === true ? ['--example'] : []),
  ]);
  const { url, user } = options.node === undefined ? {} : splitNodeUrl(options.node);
  const said: Readonly<Record<string, string | undefined>> = {
    COINBASE__ADDRESS: options.address,
    COINBASE__DESCRIPTOR: options.descriptor,
    COINBASE__TAG: options.tag,
    NODE__URL: url,
    NODE__USER: user?.user,
    NODE__PASSWORD: user?.password,
    NODE__COOKIE_FILE: options.cookie,
    NODE__IPC: options.ipc,
    CHAIN: options.chain,
    LISTEN: options.listen,
    LISTEN_V1: options['no-v1'] === true ? 'none' : options['listen-v1'],
    DATA_DIR: options.data,
    MONITORING: place.address,
    MONITORING_TOKEN_FILE: options['dashboard-token'],
  };
  const entries = Object.entries(said).filter(([, value]) => value !== undefined);
  const environment = Object.fromEntries(entries.map(([name, value]) => [`${PREFIX}${name}`, value]));
  const quiet = isSeen && options.config === undefined ? { [`${PREFIX}LOG__LEVEL`]: 'error' } : {};
  const isFrom = (variable: string): boolean =>
    said[variable] !== undefined || (options.config === undefined && host.environment[PREFIX + variable] === undefined);
  const words = Object.entries(WORDS).filter(([, { variable }]) => isFrom(variable));
  return {
    ...host,
    environment: { ...quiet, ...host.environment, ...environment },
    options: Object.fromEntries(words.map(([key, { option }]) => [key, option])),
  };
}
