import { createRpcClient, type Credentials, IpcError, openIpcSocket, RpcError } from '@sv2kit/bitcoin-node';
import { ConfigError, systemClock } from '@sv2kit/daemon';
import { MinersNode } from '../template/miners-node.ts';
import { NodeError } from '../template/node-error.ts';
import type { SoloConfig } from './config.ts';

/** A node's RPC, and who we are to it. */
export interface RpcPlace {
  readonly url: string;
  readonly credentials: Credentials;
}

/** What the node says of itself at the start. */
export type NodeLook =
  | { readonly kind: 'there'; readonly zmqHashBlock?: string; readonly zmqSequence?: string }
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
    const { hostname } = new URL(url);
    const zmqHashBlock = hashBlockAddress(notifications, hostname);
    const zmqSequence = published(notifications, 'pubsequence', hostname);
    return {
      kind: 'there',
      ...(zmqHashBlock === undefined ? {} : { zmqHashBlock }),
      ...(zmqSequence === undefined ? {} : { zmqSequence }),
    };
  } catch (error) {
    if (error instanceof NodeError || error instanceof RpcError) return { kind: 'away', reason: error.message };
    throw error;
  } finally {
    rpc.close();
  }
}

/** As the node listens on it: on every address means, for us, on the one we know it by. */
export function hashBlockAddress(notifications: unknown, host: string): string | undefined {
  return published(notifications, 'pubhashblock', host);
}

function published(notifications: unknown, topic: string, host: string): string | undefined {
  const list: readonly unknown[] = Array.isArray(notifications) ? notifications : [];
  for (const entry of list) {
    if (typeof entry !== 'object' || entry === null) continue;
    const { type, address } = entry as { readonly type?: unknown; readonly address?: unknown };
    if (type === topic && typeof address === 'string') {
      return address.replace(/^tcp:\/\/(0\.0\.0\.0|\[::\]|\*):/, `tcp://${host}:`);
    }
  }
  return undefined;
}

/** Whether somebody listens on a node's IPC socket: its file outlives the node. */
export async function lookAtSocket(path: string): Promise<NodeLook> {
  try {
    const socket = await openIpcSocket(path, systemClock);
    socket.destroy();
    return { kind: 'there' };
  } catch (error) {
    if (error instanceof IpcError) return { kind: 'away', reason: error.message };
    throw error;
  }
}
