import { connect } from 'node:net';
import { createRpcClient, type Credentials, RpcError } from '@sv2kit/bitcoin-node';
import { ConfigError, systemClock } from '@sv2kit/daemon';
import { MinersNode } from '../template/miners-node.ts';
import { NodeError } from '../template/node-error.ts';
import type { SoloConfig } from './config.ts';

const SOCKET_PATIENCE_MS = 2_000;

/** A node's RPC, and who we are to it. */
export interface RpcPlace {
  readonly url: string;
  readonly credentials: Credentials;
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
export async function lookAtRpc({ url, credentials }: RpcPlace, chain: SoloConfig['chain']): Promise<NodeLook> {
  const rpc = createRpcClient({ url, credentials, clock: systemClock });
  try {
    using node = await MinersNode.open({ url, credentials, chain: undefined });
    if (node.chain !== chain) {
      const wrong = `the node at ${url} is on ${node.chain}`;
      throw new ConfigError([{ source: '', key: 'chain', wrong, example: `chain = "${node.chain}"` }]);
    }
    // A node that was built without ZMQ does not know the call.
    const notifications = await rpc.call('getzmqnotifications').catch(() => []);
    const zmqHashBlock = hashBlockAddress(notifications, new URL(url).hostname);
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

/** Whether somebody listens on a node's IPC socket: its file outlives the node. */
export async function lookAtSocket(path: string): Promise<NodeLook> {
  const { promise, resolve } = Promise.withResolvers<NodeLook>();
  const socket = connect(path);
  socket.setTimeout(SOCKET_PATIENCE_MS, () => resolve({ kind: 'away', reason: `${path} does not answer` }));
  socket.on('connect', () => resolve({ kind: 'there' }));
  socket.on('error', (error) => resolve({ kind: 'away', reason: `${path} ${wordsFor(error)}` }));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

function wordsFor(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return 'is not there: is the node running, as bitcoin -m node -ipcbind=unix?';
    case 'ECONNREFUSED':
      return 'is of a node that does not run, or runs without -ipcbind';
    case 'EACCES':
      return 'is not for this user: run as the user of the node';
    default:
      return `cannot be used: ${error.message}`;
  }
}
