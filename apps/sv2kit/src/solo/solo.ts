import { networkInterfaces } from 'node:os';
import {
  type Address,
  EXIT,
  formatAddress,
  type Host,
  parseOptions,
  processHost,
  runService,
  type ServiceDefinition,
  UsageError,
} from '@sv2kit/daemon';
import { formatUrl } from '@sv2kit/noise';
import { splitNodeUrl } from '../node-address.ts';
import { processTerminal, type Terminal } from '../terminal.ts';
import { type SoloConfig, soloConfig } from './config.ts';
import { createSolo, type Solo } from './create.ts';
import { placeWords } from './node.ts';
import { watchSolo } from './watch.ts';

const soloHelp = `Mines alone, with your own node: no pool, and every block pays you in full. Miners speak encrypted Stratum V2, and
Stratum V1 where you let them.

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
                           where miners that speak Stratum V1 connect; nowhere by default
      --tag TEXT           marks your blocks
      --data DIR           where the key and the journal are kept; solo-data by default
      --monitoring HOST:PORT
                           where /health, /metrics and /status are served; nowhere by default
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
  sv2kit solo --address bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 --listen-v1 0.0.0.0:34255

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
  tag: { type: 'string' },
  data: { type: 'string' },
  monitoring: { type: 'string' },
  config: { type: 'string', short: 'c' },
  check: { type: 'boolean' },
  example: { type: 'boolean' },
} as const;

/** `sv2kit solo`: the command line is laid over the configuration as the environment is. */
export async function solo(argv: readonly string[], terminal: Terminal): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    terminal.out(soloHelp);
    return EXIT.ok;
  }
  const isSeen = terminal === processTerminal && process.stdout.isTTY === true;
  const host = soloHost(argv, isSeen);
  const isPaid = Object.keys(host.environment).some((name) => name.startsWith('SV2KIT_SOLO__COINBASE__'));
  if (!isPaid && host.argv.length === 0) throw new UsageError('--address is missing: where blocks are to pay');
  return await runService(soloDefinition(isSeen ? (text) => terminal.out(text) : undefined), host);
}

/** @param show what a person is to read; absent where nobody looks, and the log has it all */
function soloDefinition(show: ((text: string) => void) | undefined): ServiceDefinition<SoloConfig> {
  return {
    name: 'solo',
    config: soloConfig,
    async start(config, deps) {
      const running = await createSolo(config, deps);
      if (show === undefined) {
        deps.log.info('miners connect here', { urls: [...urlsOf(running), ...v1UrlsOf(running)] });
        return running;
      }
      show(firstScreen(config, running));
      const watch = watchSolo(running, deps, show);
      return {
        ...running,
        close() {
          watch[Symbol.dispose]();
          return running.close();
        },
      };
    },
  };
}

/** @param isSeen somebody is told in lines of their own how it goes: the log is then for what nobody foresaw */
function soloHost(argv: readonly string[], isSeen: boolean): Host {
  const { values } = parseOptions(argv, OPTIONS);
  const host = processHost('sv2kit solo', [
    ...(values.config === undefined ? [] : ['--config', values.config]),
    ...(values.check === true ? ['--check'] : []),
    ...(values.example === true ? ['--example'] : []),
  ]);
  const { url, user } = values.node === undefined ? {} : splitNodeUrl(values.node);
  const said: Readonly<Record<string, string | undefined>> = {
    COINBASE__ADDRESS: values.address,
    COINBASE__DESCRIPTOR: values.descriptor,
    COINBASE__TAG: values.tag,
    NODE__URL: url,
    NODE__USER: user?.user,
    NODE__PASSWORD: user?.password,
    NODE__COOKIE_FILE: values.cookie,
    NODE__IPC: values.ipc,
    CHAIN: values.chain,
    LISTEN: values.listen,
    LISTEN_V1: values['listen-v1'],
    DATA_DIR: values.data,
    MONITORING: values.monitoring,
  };
  const entries = Object.entries(said).filter(([, value]) => value !== undefined);
  const environment = Object.fromEntries(entries.map(([name, value]) => [`SV2KIT_SOLO__${name}`, value]));
  const quiet = isSeen && values.config === undefined ? { SV2KIT_SOLO__LOG__LEVEL: 'error' } : {};
  return { ...host, environment: { ...quiet, ...host.environment, ...environment } };
}

const FOUND = '\nIts IPC socket was found where Bitcoin Core keeps it: templates are pushed, and no RPC is needed.';

/** What to point machines at. */
export function firstScreen({ coinbase, chain }: Pick<SoloConfig, 'coinbase' | 'chain'>, running: Solo): string {
  const { node } = running;
  const urls = urlsOf(running);
  const look = node.look.kind === 'there' ? '' : ', which is away and waited for';
  return `
Solo mining on ${chain} with the node at ${placeWords(node)}${look}.${node.isIpcFound ? FOUND : ''}
Every block pays ${coinbase.address ?? coinbase.descriptor ?? ''} in full.

Point your miners, with any user name, at${urls.length > 1 ? ' one of these, whichever they can reach' : ''}:
${urls.map((url) => `  ${url}`).join('\n')}
${v1Screen(running)}
Ctrl-C stops it.

`;
}

function v1Screen(running: Solo): string {
  const urls = v1UrlsOf(running);
  if (urls.length === 0) return '\nMiners that speak Stratum V1 need a port of their own: --listen-v1 0.0.0.0:34255\n';
  return `\nAnd those that speak Stratum V1 at\n${urls.map((url) => `  ${url}`).join('\n')}\n`;
}

function v1UrlsOf({ v1Address }: Solo): string[] {
  if (v1Address === undefined) return [];
  return reachable(v1Address).map((host) => `stratum+tcp://${formatAddress({ ...v1Address, host })}`);
}

function urlsOf({ address, authorityPublicKey: authority }: Solo): string[] {
  return reachable(address).map((host) => formatUrl({ host, port: address.port, authority }));
}

/** The addresses under which others may reach it. */
function reachable({ host }: Address): string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host];
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
  return [...outside, '127.0.0.1'];
}
