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
export { type NodeConfig, type PoolConfig, poolConfig } from './config.ts';
export { createPool, type Pool, type PoolDeps } from './create.ts';
export { type Authorise, USER_POLICIES, type UserPolicy } from './users.ts';
