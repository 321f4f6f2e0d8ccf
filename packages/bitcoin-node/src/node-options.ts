import type { Network } from '@sv2kit/bitcoin';
import type { Clock, Logger } from './host.ts';
import type { ChainGuardOptions } from './guard/chain-guard.ts';

/** How a node is reached, `ipc`, `url` or both, and what is asked of it. */
export interface NodeOptions {
  /** Absolute path of the node's IPC socket (`-ipcbind=unix`): templates are pushed. */
  readonly ipc?: string | undefined;
  /** `http://host:port` of the node's RPC. */
  readonly url?: string | undefined;
  /** With `url`: either this, or `user` and `password`. */
  readonly cookieFile?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** With `url`: where the node publishes block hashes (`-zmqpubhashblock`), e.g. `tcp://127.0.0.1:28332`. */
  readonly zmqHashBlock?: string | undefined;
  /** The chain the node must be on. Without it any is taken. */
  readonly chain?: Network | undefined;
  /** When the node is not mined on though it answers. */
  readonly guard?: ChainGuardOptions | undefined;
  /** How often to ask the RPC for the best block, in ms; half as often with ZMQ. */
  readonly pollIntervalMs?: number | undefined;
  /** How often a template with better fees may come on the same tip, in ms. A new tip waits for nothing. */
  readonly refreshIntervalMs?: number | undefined;
  /** By how much, in satoshis, fees must be better over IPC to be worth a template. */
  readonly feeThreshold?: bigint | undefined;
  /** What to call the node in logs; how it is reached when left out. */
  readonly name?: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Uniform in [0, 1), for back-off. */
  readonly random?: (() => number) | undefined;
}

/** How often a node without ZMQ is asked for its best block. */
export const DEFAULT_POLL_INTERVAL_MS = 1_000;
/** How often a template is asked for on the same tip, beside the long poll. */
export const DEFAULT_REFRESH_INTERVAL_MS = 10_000;
/** Any better fee will do, that often. */
export const DEFAULT_FEE_THRESHOLD = 1n;
