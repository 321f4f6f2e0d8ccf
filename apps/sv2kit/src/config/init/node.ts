import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { BitcoinError, type Network, scriptFromAddress } from '@sv2kit/bitcoin';
import { Secret, UsageError } from '@sv2kit/daemon';
import { CHAIN_NAMES, chainFolder, defaultCookieFile, SOCKET_NAME, splitNodeUrl } from '../../node-address.ts';
import { type FoundNode, findNode, type NodePlace, placeWords } from '../../solo/node.ts';
import type { NodeKeys } from './facts.ts';

/** What was said of the node on the command line. */
export interface NodeWords {
  /** `http://[USER:PASSWORD@]HOST:PORT`, or the path of a socket. */
  readonly node?: string | undefined;
  readonly cookie?: string | undefined;
}

export interface FoundKeys {
  readonly keys: NodeKeys;
  /** For people. */
  readonly words: string;
  /** To be kept in a file of its own. */
  readonly password: string | undefined;
}

interface Guess {
  /** Those that the address is of; all without one. */
  readonly fits: readonly Network[];
  readonly guess: { readonly chain: Network; readonly why: string };
}

/**
 * The chain that is meant when nobody has said it: one that the address is of, and of those the first whose node has been
 * here.
 *
 * @throws UsageError for an address of none
 */
export function guessChain(address: string | undefined): Guess {
  const fits = CHAIN_NAMES.filter((chain) => address === undefined || isAddressOf(address, chain));
  const [first] = fits;
  if (first === undefined) throw new UsageError(`--address ${address} is no address of any chain`);
  const here = fits.find(
    (chain) => existsSync(defaultCookieFile(chain)) || existsSync(join(chainFolder(chain), SOCKET_NAME)),
  );
  if (here !== undefined) return { fits, guess: { chain: here, why: 'whose node is here' } };
  return { fits, guess: { chain: first, why: address === undefined ? 'the default' : 'by the address' } };
}

function isAddressOf(address: string, chain: Network): boolean {
  try {
    scriptFromAddress(address, chain);
    return true;
  } catch (error) {
    if (error instanceof BitcoinError) return false;
    throw error;
  }
}

/**
 * How the node is reached, by what was said and by what answers on this machine.
 *
 * @param passwordFile where a password would be kept
 * @throws ConfigError when the node is on another chain
 */
export async function nodeKeys(chain: Network, said: NodeWords, passwordFile: string): Promise<FoundKeys> {
  const isSocket = said.node !== undefined && /^(?:unix:|\.{0,2}\/)|\.sock$/.test(said.node);
  const { url, user } = said.node === undefined || isSocket ? {} : splitNodeUrl(said.node);
  const node = {
    ipc: isSocket ? resolve(said.node?.replace(/^unix:/, '') ?? '') : undefined,
    url,
    cookieFile: said.cookie === undefined ? undefined : resolve(said.cookie),
    user: user?.user,
    password: user === undefined ? undefined : new Secret(user.password),
  };
  const found = await findNode({ chain, node }, homedir());
  const isAway = found.look.kind === 'away';
  const isSaid = said.node !== undefined || said.cookie !== undefined;
  const away = found.look.kind === 'away' && isSaid ? `: ${found.look.reason}` : '; it is waited for';
  const { ipc: _ipc, ...withoutIpc } = found;
  // A socket that was neither named nor answers may never have been; RPC every node has.
  const place = isAway && !isSocket ? withoutIpc : found;
  return {
    keys: { ...keysOf(place, passwordFile), ...published(found) },
    words: `${placeWords(place)}${isAway ? `, which does not answer${away}` : ', which answers'}`,
    password: user?.password,
  };
}

function keysOf({ ipc, rpc }: NodePlace, passwordFile: string): NodeKeys {
  const credentials = rpc?.credentials;
  return {
    ...(ipc === undefined ? {} : { ipc }),
    ...(rpc === undefined ? {} : { url: rpc.url }),
    ...(credentials === undefined || !('cookieFile' in credentials) ? {} : { cookieFile: credentials.cookieFile }),
    ...(credentials === undefined || !('user' in credentials)
      ? {}
      : { user: credentials.user, password: `file:${passwordFile}` }),
  };
}

function published({ look }: FoundNode): Pick<NodeKeys, 'zmqHashBlock' | 'zmqSequence'> {
  if (look.kind === 'away') return {};
  const { zmqHashBlock, zmqSequence } = look;
  return {
    ...(zmqHashBlock === undefined ? {} : { zmqHashBlock }),
    ...(zmqSequence === undefined ? {} : { zmqSequence }),
  };
}
