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

const NOTICE =
  'this bitcoind makes no template over IPC yet, as some do not for the first 16 blocks of a chain: they are mined by RPC';

/**
 * Mines the first blocks of a new chain by RPC where the node makes no templates over IPC for them, which some do.
 *
 * @param tell called when it takes that, with words for a person
 * @returns why the node makes none for the blocks after them either
 * @throws RpcError
 */
export async function mineFirstBlocks(
  node: Pick<Bitcoind, 'chain' | 'cookieFile' | 'ipcSocket' | 'rpcUrl'>,
  signal: AbortSignal,
  tell: (text: string) => void,
): Promise<string | undefined> {
  const { chain, rpcUrl, cookieFile, ipcSocket } = node;
  const rpc = createRpcClient({ url: rpcUrl, credentials: { cookieFile }, clock: systemClock });
  try {
    const height = async (): Promise<number> => Number(await rpc.call('getblockcount'));
    if (ipcSocket === undefined || (await height()) >= LAST_HEIGHT) return undefined;
    if ((await troubleOf(ipcSocket, chain, signal)) === undefined || signal.aborted) return undefined;
    tell(chain === 'signet' ? `${NOTICE}, which takes a minute, once` : NOTICE);
    while (!signal.aborted && (await height()) < LAST_HEIGHT) {
      await rpc.call('generatetodescriptor', [1, DESCRIPTOR, TRIES]);
    }
    return await troubleOf(ipcSocket, chain, signal);
  } finally {
    rpc.close();
  }
}

/** Why a node makes no templates over IPC. */
async function troubleOf(ipc: string, chain: Bitcoind['chain'], signal: AbortSignal): Promise<string | undefined> {
  const node = createNode({ ipc, chain, clock: systemClock, log: silentLogger });
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  try {
    const first = node.templates(until)[Symbol.asyncIterator]().next();
    return await Promise.race([first.then(() => undefined), refusal(node, until)]);
  } finally {
    over.abort();
    await node.close();
  }
}

/** Resolves as soon as the node is said to be of no use, or when nothing came for too long. */
async function refusal(node: Pick<MiningNode, 'health'>, signal: AbortSignal): Promise<string> {
  for (let waitedMs = 0; waitedMs < PATIENCE_MS && !signal.aborted; waitedMs += LOOK_MS) {
    if (node.health().state === 'away') break;
    await sleep(systemClock, LOOK_MS, signal);
  }
  return node.health().reason ?? 'no template came';
}
