import type { BitcoindBinary } from '@sv2kit/bitcoind';

function findIpcNode(env: NodeJS.ProcessEnv): BitcoindBinary | undefined {
  const command = env['BITCOIN_NODE'];
  return command === undefined ? undefined : { command, args: [], version: 'Bitcoin Core', source: 'environment' };
}

/** How roles speak to their node: JSON-RPC alone, its IPC socket alone, or both. */
export type BackEnd = 'rpc' | 'ipc' | 'ipc+rpc';

/** A bitcoin-node that listens on an IPC socket; undefined where none is found. */
export const ipcNode = findIpcNode(process.env);

/** Why scenarios are skipped where there is no such node. */
export const NO_IPC_NODE =
  'no bitcoin-node with IPC was found ($BITCOIN_NODE, or bitcoin-node or bitcoin on PATH): its scenarios are skipped';

/** Whether that way of speaking to a node can be had here. */
export const canUse = (backEnd: BackEnd): boolean => backEnd === 'rpc' || ipcNode !== undefined;
