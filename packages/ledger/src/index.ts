/**
 * What was mined and who is owed for it: an append-only journal with a durability watermark, the database (SQLite or
 * PostgreSQL) that another thread makes of it, and what keeps both: backups, verification, exports, audits.
 *
 * @example
 * ```ts
 * const ledger = await openLedger({ directory: 'data', database: { kind: 'sqlite', file: 'data/ledger.sqlite' }, log });
 * const position = ledger.journal.append({ type: 'ChannelClosed', timeMs: Date.now(), channelKey: 1, reason: 'end' });
 * ledger.journal.onWatermark((watermark) => { if (watermark >= position) acknowledge(); });
 * const totals = await ledger.query('totals', {});
 * ```
 * @packageDocumentation
 */
export type { Clock } from './clock.ts';
export { LEDGER_ERRORS, LedgerError, type LedgerErrorCode } from './errors.ts';
export { type FileHandle, type FileLayer, nodeFiles } from './files.ts';
export { type Journal, type JournalState, NOT_RECORDED } from './journal.ts';
export { type Ledger, type LedgerOptions, openLedger } from './ledger.ts';
export { type DatabaseOptions, DEFAULT_RETENTION, type Retention } from './ledger-options.ts';
export { LEDGER_LIMITS } from './limits.ts';
export type { Logger } from './logger.ts';
export { type JournalOptions, openJournal } from './open-journal.ts';
export { type JournalEntry, readJournal } from './read-journal.ts';
export type { ProjectionFigures, ProjectionState } from './projector/projection-state.ts';
export type { UnknownRecord } from './records/encode.ts';
export {
  type BlockFound,
  type BlockStatus,
  type ChannelClosed,
  type ChannelOpened,
  type CustomJobAccepted,
  type JournalRecord,
  type PayoutPaid,
  type PayoutSplit,
  type PayoutTerms,
  type ShareAccepted,
  type ShareRejected,
  type Start,
} from './records/records.ts';
export { type AuditOptions, auditPayouts, type BlockAudit } from './payouts/audit.ts';
export {
  type BalanceRow,
  type BlockPayout,
  type BlockPayoutRow,
  type Distribution,
  type DueRow,
  type DueState,
  type PaymentRow,
  type PayoutQueries,
} from './payouts/query-types.ts';
export { DEAD_LETTER_REASONS } from './database/faults.ts';
export type { LedgerQueries, QueryArguments, QueryResult } from './database/queries/types.ts';
export { type BackupOptions, backupLedger } from './keeping/backup.ts';
export { type ExportOptions, EXPORTS, exportCsv } from './keeping/export.ts';
export { KEEPING_ERRORS, KeepingError, type KeepingErrorCode } from './keeping/errors.ts';
export { type Finding, type FindingCode, FINDING_REASONS, type JournalSummary } from './keeping/journal-check.ts';
export type { Manifest, ManifestFile, ManifestJournal } from './keeping/manifest.ts';
export { type RebuildOptions, rebuildDatabase, type Rebuilt } from './keeping/rebuild.ts';
export { paidSince, type Payment, recordPayments, type RecordPaymentsOptions } from './keeping/record-payments.ts';
export { lastPositionIn } from './keeping/scan.ts';
export { type Query, Reports } from './keeping/reports.ts';
export { type Verification, type VerifyOptions, verifyLedger } from './keeping/verify.ts';
export { nameOfWorker, type WorkerName } from './worker-name.ts';
