import { displayHash, type Network } from '@sv2kit/bitcoin';
import { Fields } from './fields.ts';
import type { RpcCaller } from './rpc-client.ts';

/** A block that the right chain holds: tells apart two chains that share a genesis block. */
export interface KnownBlock {
  readonly height: number;
  /** Internal byte order. */
  readonly hash: Uint8Array;
}

export interface ExpectedChain {
  readonly chain?: Network | undefined;
  readonly knownBlocks?: readonly KnownBlock[] | undefined;
}

/** The node is on another chain than it should be: nothing of it may be mined on. */
export class WrongChainError extends Error {
  override readonly name = 'WrongChainError';
}

export interface ChainInfo {
  readonly chain: Network;
  readonly blocks: number;
  readonly headers: number;
}

export interface CheckedChain extends ChainInfo {
  /** False while the chain is too short to hold every known block: to be checked again. */
  readonly isComplete: boolean;
}

const NETWORKS: Readonly<Record<string, Network>> = {
  main: 'mainnet',
  test: 'testnet',
  testnet4: 'testnet4',
  signet: 'signet',
  regtest: 'regtest',
};

/** @throws RpcError */
export async function chainInfo(client: RpcCaller, signal?: AbortSignal): Promise<ChainInfo> {
  const method = 'getblockchaininfo';
  const fields = new Fields(method, await client.call(method, [], { signal }));
  const name = fields.text('chain');
  const chain = NETWORKS[name];
  if (chain === undefined) throw new WrongChainError(`the node is on a chain named ${JSON.stringify(name)}`);
  return { chain, blocks: fields.integer('blocks'), headers: fields.integer('headers') };
}

/**
 * Asks the node which chain it is on and compares.
 *
 * @throws WrongChainError, RpcError
 */
export async function checkChain(
  client: RpcCaller,
  expected: ExpectedChain,
  signal?: AbortSignal,
): Promise<CheckedChain> {
  const info = await chainInfo(client, signal);
  if (expected.chain !== undefined && info.chain !== expected.chain) {
    throw new WrongChainError(`the node is on ${info.chain}, not on ${expected.chain}`);
  }
  const knownBlocks = expected.knownBlocks ?? [];
  for (const { height, hash } of knownBlocks) {
    if (height > info.blocks) continue;
    const actual = await client.call('getblockhash', [height], { signal });
    if (actual === displayHash(hash)) continue;
    throw new WrongChainError(`the node's chain has another block ${height} than it should: ${String(actual)}`);
  }
  return { ...info, isComplete: knownBlocks.every(({ height }) => height <= info.blocks) };
}
