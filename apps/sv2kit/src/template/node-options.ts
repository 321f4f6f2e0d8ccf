import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Network } from '@sv2kit/bitcoin';
import type { Credentials } from '@sv2kit/bitcoin-node';
import { UsageError } from '@sv2kit/daemon';
import { CommandError } from '../command.ts';
import { MinersNode } from './miners-node.ts';

/** Bitcoin Core's own: the RPC port, and the folder below its data folder. */
const CHAINS: Readonly<Record<Network, { readonly port: number; readonly folder: string }>> = {
  mainnet: { port: 8332, folder: '.' },
  testnet: { port: 18_332, folder: 'testnet3' },
  testnet4: { port: 48_332, folder: 'testnet4' },
  signet: { port: 38_332, folder: 'signet' },
  regtest: { port: 18_443, folder: 'regtest' },
};

/** What says which node is meant; every `sv2kit template` command takes these. */
export const NODE_OPTIONS = {
  node: { type: 'string' },
  cookie: { type: 'string' },
  chain: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const nodeHelp = `      --node URL       your node's RPC, http://[USER:PASSWORD@]HOST:PORT; by default $SV2KIT_NODE, then
                       http://127.0.0.1 at the port of --chain
      --cookie FILE    its cookie file; by default $SV2KIT_COOKIE, then where Bitcoin Core keeps it
      --chain NAME     ${Object.keys(CHAINS).join(', ')}; a node on another chain is refused
      --json           JSON for machines, amounts in satoshis`;

export interface NodeWishes {
  readonly node?: string | undefined;
  readonly cookie?: string | undefined;
  readonly chain?: string | undefined;
}

/** @throws UsageError, CommandError */
export async function openNode(wishes: NodeWishes): Promise<MinersNode> {
  const chain = readChain(wishes.chain);
  const { port, folder } = CHAINS[chain ?? 'mainnet'];
  const given = wishes.node ?? process.env['SV2KIT_NODE'] ?? `http://127.0.0.1:${port}`;
  const cookie = wishes.cookie ?? process.env['SV2KIT_COOKIE'] ?? join(coreFolder(), folder, '.cookie');
  const { url, credentials } = readNodeUrl(given, cookie);
  return await MinersNode.open({ url, credentials, chain });
}

/** @throws UsageError */
export function readChain(name: string | undefined): Network | undefined {
  if (name === undefined) return undefined;
  const chain = (Object.keys(CHAINS) as Network[]).find((known) => known === name);
  if (chain === undefined) throw new UsageError(`--chain ${name} is none of ${Object.keys(CHAINS).join(', ')}`);
  return chain;
}

/**
 * An address of a node's RPC without its credentials, and the credentials.
 *
 * @throws UsageError
 */
export function readNodeUrl(
  given: string,
  cookieFile: string | undefined,
): { readonly url: string; readonly credentials: Credentials } {
  const parsed = URL.canParse(given) ? new URL(given) : undefined;
  if (parsed?.protocol !== 'http:') {
    throw new UsageError(`'${withoutPassword(given)}' is not a node's RPC: http://127.0.0.1:8332 would be one`);
  }
  const { username, password, host } = parsed;
  const url = `http://${host}`;
  if (username !== '') {
    return { url, credentials: { user: decodeURIComponent(username), password: decodeURIComponent(password) } };
  }
  if (cookieFile === undefined)
    throw new UsageError(`${url}: its cookie file, or USER:PASSWORD@ in the URL, is wanted`);
  if (!existsSync(cookieFile)) {
    throw new CommandError(
      `${url}: there is no cookie file ${cookieFile}. Is the node running? Else name its cookie file, or put ` +
        'USER:PASSWORD@ into the URL',
    );
  }
  return { url, credentials: { cookieFile } };
}

function withoutPassword(given: string): string {
  return given.replace(/\/\/[^@/]*@/, '//…@');
}

function coreFolder(): string {
  const home = homedir();
  return process.platform === 'darwin' ? join(home, 'Library/Application Support/Bitcoin') : join(home, '.bitcoin');
}
