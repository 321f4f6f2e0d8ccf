import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Network } from '@sv2kit/bitcoin';
import type { Credentials } from '@sv2kit/bitcoin-node';
import { UsageError } from '@sv2kit/daemon';

/** Bitcoin Core's own: the RPC port, and the folder below its data folder. */
const CHAINS: Readonly<Record<Network, { readonly port: number; readonly folder: string }>> = {
  mainnet: { port: 8332, folder: '.' },
  testnet: { port: 18_332, folder: 'testnet3' },
  testnet4: { port: 48_332, folder: 'testnet4' },
  signet: { port: 38_332, folder: 'signet' },
  regtest: { port: 18_443, folder: 'regtest' },
};

export const CHAIN_NAMES = Object.keys(CHAINS) as readonly Network[];

/** Where a node of this chain answers when nobody has said otherwise. */
export function defaultNodeUrl(chain: Network): string {
  return `http://127.0.0.1:${CHAINS[chain].port}`;
}

/** Where Bitcoin Core keeps what is of one chain: the cookie file and the IPC socket of its node among it. */
export function chainFolder(chain: Network, home: string = homedir()): string {
  const folder = process.platform === 'darwin' ? 'Library/Application Support/Bitcoin' : '.bitcoin';
  return join(home, folder, CHAINS[chain].folder);
}

/** Where Bitcoin Core has a node's IPC socket: in the same folder as its cookie file. */
export const SOCKET_NAME = 'node.sock';

/** Where Bitcoin Core puts the cookie file of a node of this chain. */
export function defaultCookieFile(chain: Network): string {
  return join(chainFolder(chain), '.cookie');
}

/** @throws UsageError */
export function readChain(name: string | undefined): Network | undefined {
  if (name === undefined) return undefined;
  const chain = CHAIN_NAMES.find((known) => known === name);
  if (chain === undefined) throw new UsageError(`--chain ${name} is none of ${CHAIN_NAMES.join(', ')}`);
  return chain;
}

/**
 * The address of a node's RPC without credentials, and those in it.
 *
 * @throws UsageError
 */
export function splitNodeUrl(given: string): {
  readonly url: string;
  readonly user?: Extract<Credentials, { user: string }>;
} {
  if (/^(?:unix:|\/)|\.sock$/.test(given)) {
    const hint = 'sv2kit solo takes one as --ipc, and sv2kit template needs RPC';
    throw new UsageError(
      `'${given}' is an IPC socket where a node's RPC is wanted, say http://127.0.0.1:8332: ${hint}`,
    );
  }
  const parsed = URL.canParse(given) ? new URL(given) : undefined;
  if (parsed?.protocol !== 'http:') {
    throw new UsageError(`'${withoutPassword(given)}' is not a node's RPC: http://127.0.0.1:8332 would be one`);
  }
  const { username, password, host } = parsed;
  const url = `http://${host}`;
  if (username === '') return { url };
  return { url, user: { user: decodeURIComponent(username), password: decodeURIComponent(password) } };
}

function withoutPassword(given: string): string {
  return given.replace(/\/\/[^@/]*@/, '//…@');
}
