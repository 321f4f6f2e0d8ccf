import type { JobChecker, JobCheckerOptions } from './job-check/job-checker.ts';
import type { MiningNode } from './node.ts';
import type { NodeOptions } from './node-options.ts';
import { createRpcNode } from './rpc/rpc-node.ts';

/** A node that checks blocks to be as well. */
export interface CheckingNode extends MiningNode {
  /** Starts a checker with a thread of its own; it ends with the node at the latest. */
  jobChecker(options?: JobCheckerOptions): JobChecker;
}

/**
 * A node over its IPC socket, over JSON-RPC, or over both as one: templates come by IPC then, and by RPC while IPC is
 * away; a block goes out both ways. It is contacted at once and for as long as it is open.
 *
 * @throws TypeError without `ipc` and `url`, or when nobody could log in at `url`
 */
export function createNode(options: NodeOptions): CheckingNode {
  const { url } = options;
  if (url === undefined) throw new TypeError('a node needs an IPC socket, the URL of its RPC, or both');
  return createRpcNode({ ...options, url });
}
