import { type BitcoindBinary, BitcoindError, findIpcNode, NO_IPC_NODE } from '@sv2kit/bitcoind';
import { CommandError } from '../command.ts';
import type { RolePackage } from './role.ts';

/** How the roles of the stack speak to their bitcoinds. */
export type NodeLink = 'rpc' | 'ipc+rpc' | 'ipc';

/** The roles that speak to one. */
const SPEAKERS: readonly RolePackage[] = ['template-provider', 'pool', 'jd-server'];

export const speaksToNode = (role: RolePackage): boolean => SPEAKERS.includes(role);

/** IPC is wanted and nothing else, and this bitcoind's is of no use. */
export class NoIpcError extends CommandError {}

/** What a search for a node came to: none is wanted, one is there, or why not. */
export type IpcNodeSearch =
  | { readonly kind: 'unwanted' }
  | { readonly kind: 'found'; readonly binary: BitcoindBinary }
  | { readonly kind: 'missing'; readonly reason: string };

/** @param explicit a path that was asked for */
export async function searchIpcNode(
  link: NodeLink,
  explicit: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<IpcNodeSearch> {
  if (link === 'rpc') return { kind: 'unwanted' };
  try {
    const binary = await findIpcNode(env, explicit);
    return binary === undefined ? { kind: 'missing', reason: NO_IPC_NODE } : { kind: 'found', binary };
  } catch (error) {
    if (error instanceof BitcoindError) return { kind: 'missing', reason: error.message };
    throw error;
  }
}
