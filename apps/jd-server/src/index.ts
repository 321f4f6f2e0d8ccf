/**
 * A job declarator server (§6.1) beside a pool: gives tokens, has declared jobs checked by Bitcoin nodes, hands on the
 * blocks found on them.
 *
 * @example
 * ```ts
 * await run({ name: 'jd-server', config: jdServerConfig, start: createJdServer });
 * ```
 *
 * @packageDocumentation
 */
export { type JdServerConfig, jdServerConfig, type NodeConfig } from './config.ts';
export { createJdServer, type JdServer, type JdServerDeps } from './create.ts';
export { JD_SERVER_LIMITS } from './limits.ts';
export type { JdNode } from './node-bench.ts';
