/**
 * An ordered list of upstreams: connect, back off, fail over, return to the primary, obey Reconnect (§3.3, §3.6.5).
 *
 * @example
 * const upstream = createUpstream({
 *   endpoints: [{ host: 'pool.example', port: 3333, authority }, { host: 'backup.example', port: 3333, authority: other }],
 *   protocol: mining,
 *   handler: (connection, endpoint) => new MiningClient(connection),
 * });
 * upstream.health; // { ok: false, reason: 'connecting to pool.example:3333' }
 * await upstream.close();
 * @packageDocumentation
 */
export { UPSTREAM_CLOSE_REASONS, type UpstreamCloseReason } from './close-reasons.ts';
export { type Endpoint, endpointName } from './endpoint.ts';
export type { Upstream, UpstreamMetrics, UpstreamOptions } from './options.ts';
export { DEFAULT_POLICY, type UpstreamPolicy } from './policy.ts';
export { judgeReconnect, type ReconnectVerdict, type Target } from './reconnect-rule.ts';
export type { UpstreamHealth, UpstreamState } from './state.ts';
export { createUpstream } from './upstream.ts';
