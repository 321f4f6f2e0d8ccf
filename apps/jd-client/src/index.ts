/**
 * The job declarator client (§6.2): devices mine the templates of the miner's own node, for the best listed pool that is
 * there, or solo.
 *
 * @example
 * ```ts
 * await run({ name: 'jd-client', config: jdClientConfig, start: createJdClient });
 * ```
 *
 * @packageDocumentation
 */
export { type JdClientConfig, jdClientConfig } from './config.ts';
export { createJdClient, type JdClient, type JdClientDeps } from './create.ts';
export { JD_CLIENT_LIMITS } from './limits.ts';
export { LOST_SHARE_REASONS, type LostShareReason } from './totals.ts';
