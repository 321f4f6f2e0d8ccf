/**
 * Work from an ordered list of template providers (§7), their transactions, and where found blocks go: what a pool and a
 * job declarator client have in common.
 *
 * @example
 * ```ts
 * const transactions = new TransactionStore();
 * const line = new TemplateLine({ endpoints, setup: { vendor: 'sv2kit', hardwareVersion: 'pool' }, constraints, tag,
 *   sink: miningServer, transactions, onTip: ({ prevHash }) => desk.onTip(prevHash), onLost: (...lost) => desk.lost(...lost),
 *   staleWorkMs: 180_000, condition, clock, log, metrics });
 * const desk = new BlockDesk({ ways: [line.way], nodes, transactions, journal, clock, log, metrics });
 * clock.every(TEMPLATE_SOURCE_LIMITS.tickMs, () => line.tick());
 * ```
 * @packageDocumentation
 */
export { BlockDesk, type BlockDeskDeps, type BlockDeskMetrics } from './block-desk.ts';
export type { BlockNode } from './block-nodes.ts';
export { BlockFiles, type BlockStore } from './block-files.ts';
export { type BlockReport, confirmationsText, type UnsettledBlock } from './block-report.ts';
export { restoreBlocks, type RestoreBlocksDeps } from './restore-blocks.ts';
export { BlockWatch, type BlockWatchDeps, type Sighting, type WatchedBlock } from './block-watch.ts';
export type { ChainNode } from './chain-check.ts';
export { type BlockWay, type Taken, TEMPLATE_PROVIDER } from './block-way.ts';
export {
  LOST_SOLUTION_REASONS,
  type LostSolutionReason,
  TEMPLATE_SOURCE_ERRORS,
  TEMPLATE_SOURCE_GIVE_UP_REASONS,
  type TemplateSourceErrorCode,
} from './errors.ts';
export { templateSourceMetrics } from './metrics.ts';
export { TEMPLATE_SOURCE_LIMITS } from './limits.ts';
export { TemplateLine } from './template-line.ts';
export type {
  KnownBest,
  SourceTip,
  TemplateLineMetrics,
  TemplateLineOptions,
  WorkSink,
} from './template-line-options.ts';
export { TemplateTransactions, TransactionStore } from './transaction-store.ts';
export { blockViews } from './block-views.ts';
export { templateFacts, type TemplateFactsSources } from './template-facts.ts';
export { providerView } from './provider-view.ts';
