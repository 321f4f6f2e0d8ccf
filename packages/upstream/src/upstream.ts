import type { Protocol } from '@sv2kit/codec';
import { ManagedUpstream } from './managed-upstream.ts';
import type { Upstream, UpstreamOptions } from './options.ts';

/** Starts to connect at once, and keeps one connection to the best endpoint that works until it is closed. */
export function createUpstream<P extends Protocol>(options: UpstreamOptions<P>): Upstream {
  if (options.endpoints.length === 0) throw new RangeError('an upstream needs at least one endpoint');
  const upstream = new ManagedUpstream(options);
  upstream.start();
  return upstream;
}
