/**
 * The translator: miners that speak Stratum V1 on a V2 upstream (§10.4.2), and V2 devices on a V1 pool.
 *
 * @example
 * ```ts
 * await run({ name: 'translator', config: translatorConfig, start: createTranslator });
 * ```
 *
 * @packageDocumentation
 */
// Stratum V1 miners on a V2 upstream.
export { type TranslatorConfig, translatorConfig } from './to-v2/config.ts';
export { createTranslator, type Translator, type TranslatorDeps } from './to-v2/create.ts';
export { TRANSLATOR_LIMITS } from './to-v2/limits.ts';
export { MINER_END_REASONS, type MinerEndReason } from './to-v2/miner-host.ts';
export {
  LOST_SHARE_REASONS,
  type LostShareReason,
  UNREAD_SHARE_REASONS,
  type UnreadShareReason,
} from './to-v2/totals.ts';
export { UPSTREAM_FAULTS, type UpstreamFault } from './to-v2/upstream-link.ts';
// V2 devices on a V1 pool.
export { type TranslatorToV1Config, translatorToV1Config } from './to-v1/config.ts';
export { createTranslatorToV1, type TranslatorToV1, type TranslatorToV1Deps } from './to-v1/create.ts';
export {
  LOST_POOL_SHARE_REASONS,
  type LostPoolShare,
  POOL_FAILURE_REASONS,
  type PoolFailureReason,
} from './to-v1/failures.ts';
export { TRANSLATOR_TO_V1_LIMITS } from './to-v1/limits.ts';
