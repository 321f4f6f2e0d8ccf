import type { Mismatch } from './config.ts';
import type { ValuesOf } from './field.ts';
import { socketPath } from './socket-path.ts';
import { optional, path, secret, text, url } from './values.ts';

/**
 * The keys of `[[nodes]]`: how a Bitcoin node is reached, over its IPC socket, its RPC, or both.
 *
 * @param use what a role has IPC for, in its help
 */
export const nodeFields = (use: string) => ({
  ipc: optional(
    socketPath(
      '/var/lib/bitcoind/node.sock',
      `The node's IPC socket (bitcoin -m node -ipcbind=unix): ${use}. This, url, or both.`,
    ),
  ),
  url: optional(
    url('http://127.0.0.1:8332', "The node's RPC. With ipc too, it stands in while that is away.", ['http', 'https']),
  ),
  cookieFile: optional(path('/var/lib/bitcoind/.cookie', "The RPC's cookie; or give user and password.")),
  user: optional(text('sv2kit', 'RPC user.')),
  password: optional(secret('file:rpc-password', 'RPC password.')),
  zmqHashBlock: optional(
    url('tcp://127.0.0.1:28332', 'What the node has for zmqpubhashblock: new tips at once over RPC. IPC needs none.', [
      'tcp',
      'ipc',
    ]),
  ),
});

/** One of `[[nodes]]` as it is read. */
export type NodeConfig = ValuesOf<ReturnType<typeof nodeFields>>;

/** A node's settings without what is not set, and with the password as text. */
export interface NodeSettings {
  /** Absolute path of its IPC socket. */
  readonly ipc?: string;
  readonly url?: string;
  readonly cookieFile?: string;
  readonly user?: string;
  readonly password?: string;
  readonly zmqHashBlock?: string;
}

/** To be spread into the options of a node. */
export function nodeSettings({ ipc, url, cookieFile, user, password, zmqHashBlock }: NodeConfig): NodeSettings {
  return {
    ...(ipc === undefined ? {} : { ipc }),
    ...(url === undefined ? {} : { url }),
    ...(cookieFile === undefined ? {} : { cookieFile }),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password: password.reveal() }),
    ...(zmqHashBlock === undefined ? {} : { zmqHashBlock }),
  };
}

/**
 * Each of the `nodes` needs ipc or url, and a url needs a cookie_file, or user and password, and not both. For the
 * `check` of a configuration.
 */
export function checkNodes(nodes: readonly NodeConfig[]): readonly Mismatch[] {
  return nodes.flatMap((node, index) => {
    const found = problemOf(node);
    return found === undefined ? [] : [{ key: `nodes[${index}]`, ...found }];
  });
}

const COOKIE = 'cookie_file = "/var/lib/bitcoind/.cookie"';

function problemOf(node: NodeConfig): Omit<Mismatch, 'key'> | undefined {
  const { ipc, url, cookieFile, user, password } = node;
  if (url === undefined) {
    const stray = strayKey(node);
    if (stray !== undefined) {
      return {
        wrong: `has ${stray}, which is for an RPC, and no url of one`,
        example: 'url = "http://127.0.0.1:8332"',
      };
    }
    if (ipc !== undefined) return undefined;
    return { wrong: 'cannot be reached: it needs ipc, url, or both', example: 'ipc = "/var/lib/bitcoind/node.sock"' };
  }
  if (cookieFile !== undefined && (user !== undefined || password !== undefined)) {
    return { wrong: 'has both a cookie_file and a user or password: remove one' };
  }
  if (cookieFile !== undefined || (user !== undefined && password !== undefined)) return undefined;
  return { wrong: 'lets nobody in by its url: that needs cookie_file, or user and password', example: COOKIE };
}

function strayKey({ cookieFile, user, password, zmqHashBlock }: NodeConfig): string | undefined {
  if (cookieFile !== undefined) return 'a cookie_file';
  if (user !== undefined) return 'a user';
  if (password !== undefined) return 'a password';
  return zmqHashBlock === undefined ? undefined : 'a zmq_hash_block';
}
