/**
 * The pool: work from template providers, miners over encrypted Stratum V2 (§5), shares in a journal, blocks to everyone.
 *
 * @example
 * ```ts
 * await run({ name: 'pool', config: poolConfig, start: createPool });
 * ```
 *
 * @packageDocumentation
 */
export type { BlockNode, BlockReport } from './block-desk.ts';
export { type NodeConfig, type PoolConfig, poolConfig } from './config.ts';
export { createPool, type Pool, type PoolDeps } from './create.ts';
export { POOL_ERRORS, POOL_GIVE_UP_REASONS, type PoolErrorCode } from './errors.ts';
export { POOL_LIMITS } from './limits.ts';
export { type Authorise, USER_POLICIES, type UserPolicy } from './users.ts';
