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
export { type PoolConfig, poolConfig } from './config.ts';
export { createPool, type Pool, type PoolDeps } from './create.ts';
export type { LocalDeclarator } from './job-declaration/job-declaration.ts';
export { POOL_LIMITS } from './limits.ts';
export { type Authorise, USER_POLICIES, type UserPolicy } from './users.ts';
