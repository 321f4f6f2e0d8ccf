import { findIpcNode } from '@sv2kit/bitcoind';

/** How roles speak to their node: JSON-RPC alone, its IPC socket alone, or both. */
export type BackEnd = 'rpc' | 'ipc' | 'ipc+rpc';

/** A node that listens on an IPC socket; undefined where none is found. */
export const ipcNode = await findIpcNode();

/** Whether that way of speaking to a node can be had here. */
export const canUse = (backEnd: BackEnd): boolean => backEnd === 'rpc' || ipcNode !== undefined;
