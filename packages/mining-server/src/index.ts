/**
 * A downstream mining server: opens channels, fans work out, judges and acknowledges shares. Pool, job declaration
 * client and the V2 -> V1 translator are thin apps on it.
 *
 * @example
 * ```ts
 * const server = createMiningServer({ ...MINING_SERVER_DEFAULTS, tag }, { journal, authorise, onBlock, clock, log, metrics });
 * const listener = await listen({ host, port, identity, services: [server.service] });
 * server.activate(template, tip); // and prepare(template), update(template) as they come
 * ```
 * @packageDocumentation
 */
export { CLOSE_REASONS, type ServerCloseReason, SETUP_ERRORS, type SetupErrorCode } from './codes.ts';
export {
  type BlockPath,
  type ExtranoncePlace,
  MAX_TAG_SIZE,
  MINING_SERVER_DEFAULTS,
  MINING_SERVER_LIMITS,
  type MiningServerConfig,
  type MiningServerLimits,
} from './config.ts';
export {
  acknowledgementsSection,
  badSharesSection,
  checkMiners,
  extensionsSection,
  minerLimitsSection,
  miningFields,
  proxyProtocolField,
  targetFields,
  workersSection,
} from './config-fields.ts';
export { byOutcome, type MinerMetrics, minerMetrics, minerSeries } from './metrics.ts';
export {
  listenForMiners,
  drainMiners,
  miningServerSettings,
  reconfigureMiners,
} from './service-settings.ts';
export {
  type AcceptedCustomJob,
  type AcceptedShare,
  type Authorisation,
  type AuthorisationRequest,
  type CustomJobJudge,
  type CustomJobRequest,
  type CustomJobVerdict,
  type FoundBlock,
  type MiningServerDeps,
  type MiningServerMetrics,
  noMiningMetrics,
  type ShareJournal,
  type Timing,
} from './ports.ts';
export type { Demand } from './demand.ts';
export { createMiningServer, type MiningServer } from './server.ts';
export type { MiningApi } from './views/mining-api.ts';
export { type PastSource, Recall } from './workers/recall.ts';
export type { PastTotals } from './workers/share-totals.ts';
export type { ChannelStatus, MiningServerStatus } from './status.ts';
export { BanList, type BanLimits } from './bad-shares/ban-list.ts';
export { type BadShareLimits, type Consequence, Standing } from './bad-shares/standing.ts';
export { coinbaseHeight, coinbaseOutputs, coinbaseView, type JobCoinbase, outputView } from './views/coinbase-view.ts';
export { LedgerAnswers } from './views/ledger-answers.ts';
export { luckOf, ROUNDS } from './views/luck.ts';
export { workerWithHistory } from './views/worker-history.ts';
export { workersHistory } from './views/work-history.ts';
export { WorkerList, workerView } from './views/worker-list.ts';
export { difficultyOfHash } from './workers/hash-difficulty.ts';
export { Worker, type WorkerPast, type WorkerState, type WorkerTimes } from './workers/worker.ts';
export { WorkerBook, type WorkerBookOptions } from './workers/worker-book.ts';
