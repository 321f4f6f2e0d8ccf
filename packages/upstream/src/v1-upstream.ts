import { dialPools } from './dial-pools.ts';
import { ManagedUpstream } from './managed-upstream.ts';
import type { Upstream } from './options.ts';
import type { V1Endpoint, V1UpstreamOptions } from './v1-options.ts';

/**
 * The same for Stratum V1 pools. An endpoint that denies us, or has not let us in within `limits.setupMs`, has failed;
 * client.reconnect is obeyed like Reconnect, where the session's `reconnectHosts` allow it.
 */
export function createV1Upstream(options: V1UpstreamOptions): Upstream<V1Endpoint> {
  const upstream = new ManagedUpstream(options, dialPools(options));
  upstream.start();
  return upstream;
}
