import { createNode, createRpcClient, type MiningNode } from '@sv2kit/bitcoin-node';
import type { Bitcoind } from '@sv2kit/bitcoind';
import { silentLogger, sleep, systemClock } from '@sv2kit/daemon';

/** Bitcoin Core 31 makes no template over IPC for a block whose height a coinbase says in a single byte. */
const LAST_HEIGHT = 16;
/** A node that makes templates has made one by then: an old one is left alone for ten seconds after its start. */
const PATIENCE_MS = 15_000;
const LOOK_MS = 100;
/** Of the node, in one call: a second or two, so that Ctrl-C is heard. */
const TRIES = 1_000_000;
/** Nobody's: anybody may spend it. */
const DESCRIPTOR = 'raw(51)';

/**
 * Mines the first blocks of a new chain by RPC where the node makes no templates over IPC for them, which some do.
 *
 * @param tell called when it takes that
 * @throws RpcError
 */
export async function mineFirstBlocks(
  node: Pick<Bitcoind, 'chain' | 'cookieFile' | 'ipcSocket' | 'rpcUrl'>,
  signal: AbortSignal,
  tell: () => void,
): Promise<void> {
  const { rpcUrl, cookieFile, ipcSocket } = node;
  const rpc = createRpcClient({ url: rpcUrl, credentials: { cookieFile }, clock: systemClock });
  try {
    const height = async (): Promise<number> => Number(await rpc.call('getblockcount'));
    if (ipcSocket === undefined || (await height()) >= LAST_HEIGHT) return;
    if (await makesTemplates(ipcSocket, node.chain, signal)) return;
    if (!signal.aborted) tell();
    while (!signal.aborted && (await height()) < LAST_HEIGHT) {
      await rpc.call('generatetodescriptor', [1, DESCRIPTOR, TRIES]);
    }
  } finally {
    rpc.close();
  }
}

/** @returns false as soon as the node is said to be of no use, or nothing came for too long */
async function refusal(node: Pick<MiningNode, 'health'>, signal: AbortSignal): Promise<false> {
  for (let waitedMs = 0; waitedMs < PATIENCE_MS && !signal.aborted; waitedMs += LOOK_MS) {
    if (node.health().state === 'away') break;
    await sleep(systemClock, LOOK_MS, signal);
  }
  return false;
}

async function makesTemplates(ipc: string, chain: Bitcoind['chain'], signal: AbortSignal): Promise<boolean> {
  const node = createNode({ ipc, chain, clock: systemClock, log: silentLogger });
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  try {
    const first = node.templates(until)[Symbol.asyncIterator]().next();
    const came = first.then(({ done }) => done !== true);
    return await Promise.race([came, refusal(node, until)]);
  } finally {
    over.abort();
    await node.close();
  }
}
