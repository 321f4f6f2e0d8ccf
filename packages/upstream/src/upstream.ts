import type { Protocol } from '@sv2kit/codec';
import { dialSessions } from './dial-sessions.ts';
import { ManagedUpstream } from './managed-upstream.ts';
import type { Upstream, UpstreamOptions } from './options.ts';

/** Starts to connect at once, and keeps one connection to the best endpoint that works until it is closed. */
export function createUpstream<P extends Protocol>(options: UpstreamOptions<P>): Upstream {
  const upstream = new ManagedUpstream(options, dialSessions(options));
  upstream.start();
  return upstream;
}
