import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isLoopback, parseAddress } from '@sv2kit/daemon';
import { chainFolder, defaultNodeUrl, SOCKET_NAME } from '../node-address.ts';
import type { SoloConfig } from './config.ts';
import { lookAtRpc, lookAtSocket, type NodeLook, type RpcPlace } from './look.ts';

const COOKIE = '.cookie';

/** What was said of the node. */
export type WantedNode = Pick<SoloConfig, 'chain' | 'node'>;

/** How the node is reached: over its IPC socket, its RPC, or both. */
export interface NodePlace {
  readonly ipc?: string;
  readonly rpc?: RpcPlace;
}

/** Where the node is, and how it was at the start. */
export interface FoundNode extends NodePlace {
  readonly look: NodeLook;
  /** Whether it has a socket that nobody had named. */
  readonly isIpcFound: boolean;
}

/**
 * Where the node is, as far as it was said; the rest is looked for where Bitcoin Core keeps it: its socket and its cookie
 * lie in one folder, so that who has named one of them has named the other. What was not said is used when it answers.
 * When nothing does, whichever of them comes first will do, but for the RPC of somebody who has named a socket.
 *
 * @param home where Bitcoin Core's own folder is
 * @throws ConfigError when it is on another chain
 */
export async function findNode(config: WantedNode, home: string = homedir()): Promise<FoundNode> {
  const { chain, node } = config;
  const ipc = node.ipc ?? socketBeside(config, home);
  const rpc = rpcOf(config, home);
  const [socket, answer] = await Promise.all([
    ipc === undefined ? undefined : lookAtSocket(ipc),
    rpc === undefined ? undefined : lookAtRpc(rpc, chain),
  ]);
  const isIpcSaid = node.ipc !== undefined;
  const isThere = socket?.kind === 'there' || answer?.kind === 'there';
  const hasIpc = ipc !== undefined && (isIpcSaid || socket?.kind === 'there' || !isThere);
  const hasRpc = rpc !== undefined && (isRpcSaid(config) || answer?.kind === 'there' || !(isThere || isIpcSaid));
  return {
    ...(hasIpc ? { ipc } : {}),
    ...(hasRpc ? { rpc } : {}),
    isIpcFound: socket?.kind === 'there' && !isIpcSaid,
    look: wholeLook(hasIpc ? socket : undefined, hasRpc ? answer : undefined),
  };
}

/** The RPC knows more of the node than that its socket is there; where both are away, the socket comes first. */
function wholeLook(socket: NodeLook | undefined, answer: NodeLook | undefined): NodeLook {
  if (answer?.kind === 'there') return answer;
  if (socket?.kind === 'there') return socket;
  const reasons = [socket?.reason, answer?.reason].filter((reason) => reason !== undefined);
  return { kind: 'away', reason: reasons.join('; and over RPC, ') };
}

function isRpcSaid({ node: { url, cookieFile, user } }: WantedNode): boolean {
  return url !== undefined || cookieFile !== undefined || user !== undefined;
}

/** The socket of the node that was meant, if it is to have one: whoever has named an RPC may have a node without. */
function socketBeside(config: WantedNode, home: string): string | undefined {
  const { chain, node } = config;
  if (node.url !== undefined && !isHere(node.url)) return undefined;
  const folder = node.cookieFile === undefined ? chainFolder(chain, home) : dirname(node.cookieFile);
  const path = join(folder, SOCKET_NAME);
  return isRpcSaid(config) && !existsSync(path) ? undefined : path;
}

/** Undefined where only a socket was named and nothing beside it lets us in. */
function rpcOf(config: WantedNode, home: string): RpcPlace | undefined {
  const { chain, node } = config;
  const { url = defaultNodeUrl(chain), cookieFile, user, password, ipc } = node;
  if (user !== undefined && password !== undefined) return { url, credentials: { user, password: password.reveal() } };
  if (ipc !== undefined && !isRpcSaid(config)) {
    const beside = join(dirname(ipc), COOKIE);
    return existsSync(beside) ? { url, credentials: { cookieFile: beside } } : undefined;
  }
  return { url, credentials: { cookieFile: cookieFile ?? join(chainFolder(chain, home), COOKIE) } };
}

function isHere(url: string): boolean {
  const { hostname } = new URL(url);
  const address = parseAddress(`${hostname}:1`);
  return hostname === 'localhost' || (typeof address !== 'string' && isLoopback(address));
}

/** For a person. */
export function placeWords({ ipc, rpc }: NodePlace): string {
  const parts = [...(ipc === undefined ? [] : [`${ipc} (IPC)`]), ...(rpc === undefined ? [] : [rpc.url])];
  return parts.join(' and ');
}
