import type { Mismatch } from './config.ts';

/** What a `[[nodes]]` section says of who may use a node's RPC. */
interface RpcCredentials {
  readonly cookieFile: string | undefined;
  readonly user: string | undefined;
  readonly password: unknown;
}

/** Each of the `nodes` needs a cookie_file, or user and password, and not both. For the `check` of a configuration. */
export function checkRpcCredentials(nodes: readonly RpcCredentials[]): readonly Mismatch[] {
  return nodes.flatMap(({ cookieFile, user, password }, index) => {
    const key = `nodes[${index}]`;
    if (cookieFile !== undefined && (user !== undefined || password !== undefined)) {
      return [{ key, wrong: 'has both a cookie_file and a user or password: remove one' }];
    }
    if (cookieFile !== undefined || (user !== undefined && password !== undefined)) return [];
    const wrong = 'lets nobody in: it needs cookie_file, or user and password';
    return [{ key, wrong, example: 'cookie_file = "/var/lib/bitcoind/.cookie"' }];
  });
}
