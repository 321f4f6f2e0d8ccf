import { freePorts } from '@sv2kit/bitcoind';
import type { NodeLink } from './node-link.ts';

/** Options of two bitcoinds that are to be each other's only peer. */
export interface Pairing {
  readonly listening: readonly string[];
  /** Where the one who listens tells of its mempool, for a job declarator server; absent where there is IPC for that. */
  readonly zmqSequence?: string;
  readonly dialling: readonly string[];
  /** Where the one who listens is to be dialled. */
  readonly peer: string;
}

const ALONE = ['-listenonion=0', '-discover=0', '-natpmp=0'];

export async function pairNodes(link: NodeLink): Promise<Pairing> {
  const [port = 0, zmqPort = 0] = await freePorts(2);
  const peer = `127.0.0.1:${port}`;
  const zmqSequence = link === 'rpc' ? `tcp://127.0.0.1:${zmqPort}` : undefined;
  return {
    // Whom a node trusts it tells of a transaction at once.
    listening: [
      ...ALONE,
      '-listen=1',
      `-bind=${peer}`,
      '-whitelist=noban@127.0.0.1',
      ...(zmqSequence === undefined ? [] : [`-zmqpubsequence=${zmqSequence}`]),
    ],
    ...(zmqSequence === undefined ? {} : { zmqSequence }),
    dialling: ALONE,
    peer,
  };
}
