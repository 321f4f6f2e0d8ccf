import { createRpcClient, type Credentials, RpcError } from '@sv2kit/bitcoin-node';
import { ConfigError, systemClock } from '@sv2kit/daemon';
import { defaultCookieFile, defaultNodeUrl } from '../node-address.ts';
import { MinersNode } from '../template/miners-node.ts';
import { NodeError } from '../template/node-error.ts';
import type { SoloConfig } from './config.ts';

/** Where the node is, and who we are to it. */
export interface NodePlace {
  readonly url: string;
  readonly credentials: Credentials;
}

export function nodePlace({ node, chain }: SoloConfig): NodePlace {
  const { url = defaultNodeUrl(chain), cookieFile = defaultCookieFile(chain), user, password } = node;
  const credentials =
    user === undefined || password === undefined ? { cookieFile } : { user, password: password.reveal() };
  return { url, credentials };
}

/** What the node says of itself at the start. */
export type NodeLook =
  | { readonly kind: 'there'; readonly zmqHashBlock?: string }
  /** It is waited for. */
  | { readonly kind: 'away'; readonly reason: string };

/**
 * Whether the node is there, and where it publishes its blocks.
 *
 * @throws ConfigError when it is on another chain
 */
export async function lookAtNode({ url, credentials }: NodePlace, chain: SoloConfig['chain']): Promise<NodeLook> {
  const rpc = createRpcClient({ url, credentials, clock: systemClock });
  try {
    using node = await MinersNode.open({ url, credentials, chain: undefined });
    if (node.chain !== chain) {
      const wrong = `the node at ${url} is on ${node.chain}`;
      throw new ConfigError([{ source: '', key: 'chain', wrong, example: `chain = "${node.chain}"` }]);
    }
    const zmqHashBlock = hashBlockAddress(await rpc.call('getzmqnotifications'), new URL(url).hostname);
    return { kind: 'there', ...(zmqHashBlock === undefined ? {} : { zmqHashBlock }) };
  } catch (error) {
    if (error instanceof NodeError || error instanceof RpcError) return { kind: 'away', reason: error.message };
    throw error;
  } finally {
    rpc.close();
  }
}

/** As the node listens on it: on every address means, for us, on the one we know it by. */
export function hashBlockAddress(notifications: unknown, host: string): string | undefined {
  const list: readonly unknown[] = Array.isArray(notifications) ? notifications : [];
  for (const entry of list) {
    if (typeof entry !== 'object' || entry === null) continue;
    const { type, address } = entry as { readonly type?: unknown; readonly address?: unknown };
    if (type === 'pubhashblock' && typeof address === 'string') {
      return address.replace(/^tcp:\/\/(0\.0\.0\.0|\[::\]|\*):/, `tcp://${host}:`);
    }
  }
  return undefined;
}
