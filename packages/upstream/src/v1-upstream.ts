import type { Protocol } from '@sv2kit/codec';
import { dialPools } from './dial-pools.ts';
import { dialSessions } from './dial-sessions.ts';
import type { Endpoint } from './endpoint.ts';
import { ManagedUpstream } from './managed-upstream.ts';
import type { CommonOptions, SessionOptions, Upstream } from './options.ts';
import type { PoolOptions, V1Endpoint, V1UpstreamOptions } from './v1-options.ts';

/**
 * The same for Stratum V1 pools. An endpoint that denies us, or has not let us in within `limits.setupMs`, has failed;
 * client.reconnect is obeyed like Reconnect, where the session's `reconnectHosts` allow it.
 */
export function createV1Upstream(options: V1UpstreamOptions): Upstream<V1Endpoint> {
  const upstream = new ManagedUpstream(options, dialPools(options));
  upstream.start();
  return upstream;
}

/** A server of either version; one with `tls` is a Stratum V1 pool. */
export type AnyEndpoint = Endpoint | V1Endpoint;

export interface MixedUpstreamOptions<P extends Protocol> extends CommonOptions<AnyEndpoint> {
  readonly v2: SessionOptions<P>;
  readonly v1: PoolOptions;
}

/** The same for a list of servers of both versions: what the application has to do differs by the one that serves. */
export function createMixedUpstream<P extends Protocol>(options: MixedUpstreamOptions<P>): Upstream<AnyEndpoint> {
  const { v1, v2, ...common } = options;
  const [toSession, toPool] = [dialSessions({ ...common, ...v2 }), dialPools({ ...common, ...v1 })];
  const upstream = new ManagedUpstream(common, ({ endpoint, ...request }) =>
    'tls' in endpoint ? toPool({ ...request, endpoint }) : toSession({ ...request, endpoint }),
  );
  upstream.start();
  return upstream;
}
