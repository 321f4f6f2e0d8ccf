import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Credentials } from '@sv2kit/bitcoin-node';
import { UsageError } from '@sv2kit/daemon';
import { CommandError } from '../command.ts';
import {
  CHAIN_NAMES,
  defaultCookieFile,
  defaultNodeUrl,
  readChain,
  SOCKET_NAME,
  splitNodeUrl,
} from '../node-address.ts';
import { MinersNode } from './miners-node.ts';

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
      --chain NAME     ${CHAIN_NAMES.join(', ')}; a node on another chain is refused
      --json           JSON for machines, amounts in satoshis`;

export interface NodeWishes {
  readonly node?: string | undefined;
  readonly cookie?: string | undefined;
  readonly chain?: string | undefined;
}

/** @throws UsageError, CommandError */
export async function openNode(wishes: NodeWishes): Promise<MinersNode> {
  const chain = readChain(wishes.chain);
  const given = wishes.node ?? process.env['SV2KIT_NODE'] ?? defaultNodeUrl(chain ?? 'mainnet');
  const cookie = wishes.cookie ?? process.env['SV2KIT_COOKIE'] ?? defaultCookieFile(chain ?? 'mainnet');
  return await MinersNode.open({ ...readNodeUrl(given, cookie), chain });
}

/**
 * An address of a node's RPC without its credentials, and the credentials.
 *
 * @throws UsageError, CommandError
 */
export function readNodeUrl(
  given: string,
  cookieFile: string | undefined,
): { readonly url: string; readonly credentials: Credentials } {
  const { url, user } = splitNodeUrl(given);
  if (user !== undefined) return { url, credentials: user };
  if (cookieFile === undefined) {
    throw new UsageError(`${url}: its cookie file, or USER:PASSWORD@ in the URL, is wanted`);
  }
  if (!existsSync(cookieFile)) {
    // Whoever mines over IPC may have no RPC at all.
    const hasIpc = existsSync(join(dirname(cookieFile), SOCKET_NAME));
    const question = hasIpc
      ? 'Its IPC socket is there, but has no calls for this: does it run with server=1?'
      : 'Is the node running?';
    throw new CommandError(
      `${url}: there is no cookie file ${cookieFile}. ${question} Else name its cookie file, or put ` +
        'USER:PASSWORD@ into the URL',
    );
  }
  return { url, credentials: { cookieFile } };
}
