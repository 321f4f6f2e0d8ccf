import { DecoderThread } from './decoding/decoder-thread.ts';
import { DualNode } from './dual-node.ts';
import { type GuardableNode, GuardedNode } from './guard/guarded-node.ts';
import { IpcNode } from './ipc/ipc-node.ts';
import type { JobChecker, JobCheckerOptions } from './job-check/job-checker.ts';
import type { MiningNode } from './node.ts';
import type { NodeOptions } from './node-options.ts';
import { RpcNode } from './rpc/rpc-node.ts';

/** A node that checks blocks to be as well. */
export interface CheckingNode extends MiningNode {
  /** Starts a checker with a thread of its own; it ends with the node at the latest. */
  jobChecker(options?: JobCheckerOptions): JobChecker;
}

/**
 * A node over its IPC socket, over JSON-RPC, or over both as one: templates come by IPC then, and by RPC while IPC is
 * away; a block goes out both ways. It is contacted at once and for as long as it is open, and gives templates only while
 * it is on the chain that is meant, and up with it.
 *
 * @throws TypeError without `ipc` and `url`, or when nobody could log in at `url`
 */
export function createNode(options: NodeOptions): CheckingNode {
  return new GuardedNode(unguarded(options), options.guard ?? {}, options);
}

function unguarded(options: NodeOptions): GuardableNode {
  const { ipc, url } = options;
  if (ipc !== undefined && url !== undefined) return new DualNode({ ...options, ipc, url });
  if (ipc !== undefined) return new IpcNode({ ...options, ipc }, { decoder: new DecoderThread() });
  if (url !== undefined) return new RpcNode({ ...options, url }, { decoder: new DecoderThread() });
  throw new TypeError('a node needs its IPC socket, the URL of its RPC, or both');
}
