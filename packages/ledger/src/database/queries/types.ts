import type { PayoutQueries } from '../../payouts/query-types.ts';

/** Part of a list. */
export interface Page {
  readonly offset: number;
  readonly limit: number;
}
export interface Listing<T> {
  readonly total: number;
  readonly items: readonly T[];
}

/** Sums of one worker since the ledger began. */
export interface WorkerRow {
  /** What the channel's user_identity says before its first dot; bytes that are no text are written as `\xNN`. */
  readonly user: string;
  /** What the shares named (extension 0x0002), else what the identity says behind its first dot; may be empty. */
  readonly worker: string;
  readonly accepted: number;
  readonly rejected: number;
  /** Exact: units of 2^-96 of difficulty 1. */
  readonly work: bigint;
  /** The same to read. */
  readonly difficulty: number;
  /** The best share: the difficulty that its hash shows. */
  readonly bestDifficulty: number;
  readonly bestAtMs: number | undefined;
  readonly firstSeenMs: number;
  readonly lastShareAtMs: number | undefined;
}

/** Accepted work in a stretch of time. */
export interface WorkPoint {
  readonly startMs: number;
  readonly spanMs: number;
  readonly shares: number;
  readonly difficulty: number;
  readonly bestDifficulty: number;
}

/** Times are unix milliseconds. */
export interface HistoryArguments {
  readonly sinceMs: number;
  readonly untilMs: number;
  /** How fine it has to be: whole minutes that the hour, or the day, is a multiple of. */
  readonly stepMs: number;
}
/** What all workers did in a stretch of time. */
export interface HistorySum {
  readonly startMs: number;
  readonly spanMs: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly work: number;
}
export interface HistoryAnswer {
  /** When the first share of all was accepted, to the minute; undefined without one. */
  readonly firstMs: number | undefined;
  /** Whether rejected shares are among the sums: of more than two days they are not. */
  readonly countsRejected: boolean;
  /** In no order; some of a stretch, none where nothing was done. What is only known by the hour is of an hour. */
  readonly sums: readonly HistorySum[];
}

export type WorkerSort = 'name' | 'work' | 'best' | 'last-share';
export interface WorkersArguments extends Page {
  readonly sort?: WorkerSort;
  /** Of one user alone. */
  readonly user?: string;
}
export interface WorkerArguments {
  readonly user: string;
  readonly worker?: string;
  readonly sinceMs?: number;
}
export interface WorkerHistory extends WorkerRow {
  readonly rejectedByCode: Readonly<Record<string, number>>;
  readonly history: readonly WorkPoint[];
}

/** Workers in the order of their first share, so that a start can go on with measured hashrates. */
export interface SeedArguments {
  readonly sinceMs: number;
  /** A boot epoch: what that run and later ones did is left out. */
  readonly before?: number;
  /** `next` of the answer before; 0 at first. */
  readonly after?: number;
  readonly limit?: number;
}
/** By identity: `user` is the channel's user_identity, `worker` what the shares named. */
export interface SeedWorker extends WorkerRow {
  readonly rejectedByCode: Readonly<Record<string, number>>;
  /** Minutes since `sinceMs` with accepted work: unix minute and difficulty in turns. */
  readonly minutes: Float64Array;
}
export interface SeedAnswer {
  readonly items: readonly SeedWorker[];
  /** For the next part; undefined when this is the last. */
  readonly next: number | undefined;
}

export type BlockState = 'found' | 'submitted' | 'accepted' | 'rejected' | 'confirmed' | 'orphaned' | 'matured';
export interface BlockRow {
  /** As people write it: reversed, hexadecimal. */
  readonly hash: string;
  /** Of its BlockFound; undefined when only its fate is known. */
  readonly position: number | undefined;
  readonly height: number | undefined;
  readonly status: BlockState;
  /** Who said so last. */
  readonly by: string;
  readonly reason: string;
  readonly statusAtMs: number;
  readonly foundAtMs: number | undefined;
  readonly user: string;
  readonly worker: string;
  readonly via: string;
  readonly path: string;
  /** Satoshis of all outputs of its coinbase. */
  readonly revenue: bigint | undefined;
  readonly networkDifficulty: number | undefined;
  /** Work since the block before: orphaned and rejected blocks end no round. */
  readonly roundDifficulty: number | undefined;
  /** Work of the round in multiples of the network's difficulty, and the reciprocal. */
  readonly effort: number | undefined;
  readonly luck: number | undefined;
}
export interface BlockEvent {
  readonly position: number;
  readonly timeMs: number;
  readonly status: BlockState;
  readonly by: string;
  readonly reason: string;
}
export interface BlockDetails extends BlockRow {
  readonly header: Uint8Array | undefined;
  readonly coinbase: Uint8Array | undefined;
  readonly events: readonly BlockEvent[];
}

export interface RoundsAnswer {
  /** Since the last block that was not lost. */
  readonly current: { readonly sinceMs: number | undefined; readonly shares: number; readonly difficulty: number };
  readonly rounds: readonly BlockRow[];
}

export interface ShareRow {
  readonly position: number;
  readonly timeMs: number;
  readonly user: string;
  readonly worker: string;
  readonly channel: number;
  readonly sequenceNumber: number;
  readonly jobId: number;
  /** Undefined of an accepted share. */
  readonly code: string | undefined;
  /** Credited; 0 of a rejected one. */
  readonly difficulty: number;
  /** What the hash shows. */
  readonly hashDifficulty: number | undefined;
  readonly hash: string | undefined;
  readonly isBlock: boolean;
}
export interface SharesArguments extends Page {
  readonly user?: string;
  readonly worker?: string;
  /** 'accepted', 'rejected', or a code. */
  readonly outcome?: string;
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

export interface TotalsArguments {
  /** A boot epoch: what that run and later ones did is left out of the sums. */
  readonly before?: number;
}
export interface TotalsAnswer {
  readonly position: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly rejectedByCode: Readonly<Record<string, number>>;
  readonly work: bigint;
  readonly difficulty: number;
  readonly bestDifficulty: number;
  readonly workers: number;
  readonly blocks: Readonly<Partial<Record<BlockState, number>>>;
  readonly deadLetters: number;
  /** When the first run began that it knows of. */
  readonly sinceMs: number | undefined;
}

export interface DeadLetter {
  readonly source: string;
  readonly position: number;
  readonly recordCode: number;
  readonly fault: string;
  readonly reason: string;
  readonly body: Uint8Array;
}

/** What can be asked of the database: name -> arguments and answer. Of a list at most 1000 at a time. */
export interface LedgerQueries extends PayoutQueries {
  workers(args: WorkersArguments): Listing<WorkerRow>;
  worker(args: WorkerArguments): WorkerHistory | undefined;
  history(args: HistoryArguments): HistoryAnswer;
  seed(args: SeedArguments): SeedAnswer;
  blocks(args: Page): Listing<BlockRow>;
  /** By the hash as people write it. */
  block(args: { readonly hash: string }): BlockDetails | undefined;
  /** Neither matured nor lost, and what was lost at `sinceMs` or later, for it may come back; oldest first. */
  unsettledBlocks(args: { readonly sinceMs?: number }): readonly BlockDetails[];
  rounds(args: { readonly limit?: number }): RoundsAnswer;
  /** The latest first, 11,000 deep; `total` counts no further than shows whether there are more. */
  shares(args: SharesArguments): Listing<ShareRow>;
  totals(args: TotalsArguments): TotalsAnswer;
  deadLetters(args: Page): Listing<DeadLetter>;
}
export type QueryArguments<K extends keyof LedgerQueries> = Parameters<LedgerQueries[K]>[0];
export type QueryResult<K extends keyof LedgerQueries> = ReturnType<LedgerQueries[K]>;
