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
export { type Endpoint, endpointName, type Place } from './endpoint.ts';
export type { SessionOptions, Upstream, UpstreamMetrics, UpstreamOptions } from './options.ts';
export { DEFAULT_POLICY, type UpstreamPolicy } from './policy.ts';
export { type UpstreamHealth, troubleOf, type UpstreamState, upstreamFacts } from './state.ts';
export { createUpstream } from './upstream.ts';
export { type UpstreamReport, UpstreamStates } from './upstream-states.ts';
export type { PoolOptions, V1Endpoint, V1Pool, V1PoolHandler, V1UpstreamOptions } from './v1-options.ts';
export { type AnyEndpoint, createMixedUpstream, createV1Upstream, type MixedUpstreamOptions } from './v1-upstream.ts';
