import { createNode, createRpcClient, type MiningNode } from '@sv2kit/bitcoin-node';
import type { Bitcoind } from '@sv2kit/bitcoind';
import { silentLogger, sleep, systemClock } from '@sv2kit/daemon';
import { ANYBODYS } from './payment-transaction.ts';

/** Bitcoin Core 31 makes no template over IPC for a block whose height a coinbase says in a single byte. */
const LAST_HEIGHT = 16;
/** A node that makes templates has made one by then: an old one is left alone for ten seconds after its start. */
const PATIENCE_MS = 30_000;
/** Of a node that has just started, what it lacks in the first moment is no trouble yet. */
const AWAY_MS = 1_500;
const LOOK_MS = 100;
/** Of the node, in one call: a second or two, so that Ctrl-C is heard. */
const TRIES = 1_000_000;
/** Nobody's: anybody may spend it. */
const DESCRIPTOR = `raw(${Buffer.from(ANYBODYS.pool).toString('hex')})`;

const NOTICE =
  'this bitcoind makes no template over IPC yet, as some do not for the first 16 blocks of a chain: they are mined by RPC';

/** Why a node makes no templates over IPC. */
export interface IpcTrouble {
  readonly reason: string;
  /** Whether it speaks IPC with us at all, so that more blocks may mend it. */
  readonly isSpoken: boolean;
}

/** Looks whether a node makes templates over IPC. */
export type IpcLook = (
  node: { readonly ipc: string; readonly chain: Bitcoind['chain'] },
  signal: AbortSignal,
) => Promise<IpcTrouble | undefined>;

/**
 * Sees that the node makes templates over IPC. The first blocks of a new chain are mined by RPC where it makes none for
 * them, which some do.
 *
 * @param tell called when it takes that, with words for a person
 * @returns why it makes none, whatever is mined
 * @throws RpcError
 */
export async function mineFirstBlocks(
  node: Pick<Bitcoind, 'chain' | 'cookieFile' | 'ipcSocket' | 'rpcUrl'>,
  signal: AbortSignal,
  tell: (text: string) => void,
  look: IpcLook = lookAtIpc,
): Promise<string | undefined> {
  const { chain, rpcUrl, cookieFile, ipcSocket: ipc } = node;
  if (ipc === undefined) return undefined;
  const trouble = await look({ ipc, chain }, signal);
  if (trouble === undefined || signal.aborted) return undefined;
  const rpc = createRpcClient({ url: rpcUrl, credentials: { cookieFile }, clock: systemClock });
  try {
    const height = async (): Promise<number> => Number(await rpc.call('getblockcount'));
    if (!trouble.isSpoken || (await height()) >= LAST_HEIGHT) return trouble.reason;
    tell(chain === 'signet' ? `${NOTICE}, which takes a minute, once` : NOTICE);
    while (!signal.aborted && (await height()) < LAST_HEIGHT) {
      await rpc.call('generatetodescriptor', [1, DESCRIPTOR, TRIES]);
    }
    return (await look({ ipc, chain }, signal))?.reason;
  } finally {
    rpc.close();
  }
}

/** Resolves with the first template, or when the node is said to be of no use. */
const lookAtIpc: IpcLook = async ({ ipc, chain }, signal) => {
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
};

/** A node that waits for the blocks of others is not in trouble. */
async function refusal(node: Pick<MiningNode, 'health'>, signal: AbortSignal): Promise<IpcTrouble | undefined> {
  let isSpoken = false;
  let awayMs = 0;
  for (let waitedMs = 0; waitedMs < PATIENCE_MS && awayMs < AWAY_MS && !signal.aborted; waitedMs += LOOK_MS) {
    const { state, ipc } = node.health();
    if (state === 'ibd') return undefined;
    if (state === 'away') awayMs += LOOK_MS;
    isSpoken ||= ipc !== undefined;
    await sleep(systemClock, LOOK_MS, signal);
  }
  return { reason: node.health().reason ?? 'no template came', isSpoken };
}
