import { fileURLToPath } from 'node:url';
import {
  type Bitcoind,
  type BitcoindBinary,
  NO_IPC_NODE,
  obtainBitcoind,
  type PrivateChain,
  startBitcoind,
} from '@sv2kit/bitcoind';
import { ipcNode } from './back-end.ts';

const CACHE = fileURLToPath(new URL('../../../.cache', import.meta.url));
const EVERYTHING_IS_CHEAP = ['-acceptnonstdtxn=1', '-minrelaytxfee=0', '-blockmintxfee=0'];
/** As full as the rules allow. The size is Knots' own limit, which Core no longer knows. */
const FULL_BLOCKS = ['-blockmaxweight=4000000'];
const FULL_BLOCKS_OF_KNOTS = ['-blockmaxsize=4000000'];
/** On regtest a node looks through all that it has each time that something comes. */
const TRUST_YOURSELF = ['-checkmempool=0', '-checkblockindex=0'];
/** Neighbours tell each other of a transaction at once, not within seconds. */
const NEIGHBOURS = ['-listen=1', '-listenonion=0', '-discover=0', '-natpmp=0', '-whitelist=in,out,noban@127.0.0.1'];

/** What stays when a node is started again. */
export interface NodePlace {
  readonly chain: PrivateChain;
  readonly dataDir: string;
  /** For other nodes. */
  readonly peerPort: number;
  /** Whether it is a node that has IPC. */
  readonly withIpc: boolean;
  /** Where it listens for IPC; nowhere when absent. */
  readonly ipcSocket: string | undefined;
  readonly nodeArgs: readonly string[];
}

/** Of an earlier run of the same node. */
interface Ports {
  readonly rpcPort?: number;
  readonly zmqHashBlock?: string | undefined;
}

/** Starts a node as scenarios need it: everything is cheap, on loopback, as quick as there is. */
export async function startNode(place: NodePlace, { rpcPort, zmqHashBlock }: Ports = {}): Promise<Bitcoind> {
  const { chain, dataDir, peerPort, ipcSocket, nodeArgs } = place;
  const binary = place.withIpc ? binaryWithIpc() : await obtainBitcoind({ cacheDir: CACHE });
  const node = await startBitcoind({
    binary,
    chain,
    dataDir,
    zmq: zmqHashBlock === undefined,
    extraArgs: [
      ...EVERYTHING_IS_CHEAP,
      ...FULL_BLOCKS,
      ...TRUST_YOURSELF,
      ...(/knots/i.test(binary.version) ? FULL_BLOCKS_OF_KNOTS : []),
      ...NEIGHBOURS,
      `-bind=127.0.0.1:${peerPort}`,
      ...(zmqHashBlock === undefined ? [] : [`-zmqpubhashblock=${zmqHashBlock}`]),
      ...(ipcSocket === undefined ? [] : [`-ipcbind=unix:${ipcSocket}`]),
      ...nodeArgs,
    ],
    ...(rpcPort === undefined ? {} : { rpcPort }),
  });
  return zmqHashBlock === undefined ? node : { ...node, zmqHashBlock };
}

function binaryWithIpc(): BitcoindBinary {
  if (ipcNode === undefined) throw new Error(NO_IPC_NODE);
  return ipcNode;
}
