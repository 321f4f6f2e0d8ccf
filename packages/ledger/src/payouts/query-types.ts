import type { PayoutMode, Weight } from '@sv2kit/payout';
import type { OwedBy } from './accounting.ts';

/** Part of a list. */
interface Part {
  readonly offset: number;
  readonly limit: number;
}
interface Listed<T> {
  readonly total: number;
  readonly items: readonly T[];
}

/**
 * pending: the block has too few confirmations. due: to be paid. paid: by the coinbase, or by payments, which pay an account's
 * oldest dues first, and what is pending last. reversed: the block is none.
 */
export type DueState = 'pending' | 'due' | 'paid' | 'reversed';

/** What an account is due for a block. Satoshis. */
export interface DueRow {
  /** The block's hash as people write it. */
  readonly block: string;
  readonly height: number | undefined;
  readonly foundAtMs: number;
  readonly account: string;
  readonly amount: bigint;
  /** Paid by the coinbase itself. */
  readonly direct: bigint;
  readonly state: DueState;
  readonly confirmations: number;
  /** The coinbase may be spent. */
  readonly matured: boolean;
  /** When the block came to its state. */
  readonly sinceMs: number;
}
export interface DuesArguments extends Part {
  readonly account?: string;
  readonly state?: DueState;
  /** By its hash as people write it. */
  readonly block?: string;
}

/** What an account is owed in all. Satoshis. */
export interface BalanceRow {
  readonly account: string;
  /** Not paid by coinbases: of blocks with too few confirmations, and of those with enough. */
  readonly pending: bigint;
  readonly due: bigint;
  /** Paid by coinbases of blocks with enough confirmations. */
  readonly direct: bigint;
  /** By payments. */
  readonly paid: bigint;
  /** Due and not paid; below 0 where more was paid than is due. */
  readonly balance: bigint;
}
export interface BalancesArguments extends Part {
  readonly account?: string;
  /** Only of those who are owed something. */
  readonly owed?: boolean;
}

/** How a block was shared out. Satoshis. */
export interface BlockPayout {
  readonly block: string;
  /** Of its BlockFound in the journal. */
  readonly position: number;
  readonly height: number | undefined;
  readonly foundAtMs: number;
  readonly mode: PayoutMode;
  readonly feePpm: number;
  /** Multiples of the network's difficulty. */
  readonly window: number;
  readonly owedBy: OwedBy;
  /** Position of the split that the coinbase shows. */
  readonly split: number | undefined;
  readonly windowWork: bigint | undefined;
  readonly revenue: bigint;
  readonly fee: bigint;
  readonly donated: bigint;
  /** What the coinbase pays users beyond their dues. Amounts, fee and donations less this are the revenue. */
  readonly forgone: bigint;
  readonly state: 'pending' | 'due' | 'orphaned' | 'rejected';
  readonly confirmations: number;
  readonly matured: boolean;
  /** In order of accounts. */
  readonly entries: readonly { readonly account: string; readonly amount: bigint; readonly direct: bigint }[];
}
/** The same in brief. */
export interface BlockPayoutRow extends Omit<BlockPayout, 'entries'> {
  readonly accounts: number;
  /** Of these, accounts that the coinbase does not pay in full; and what it does not pay. */
  readonly owedAccounts: number;
  readonly owed: bigint;
  /** When the block came to its state. */
  readonly sinceMs: number;
}

/** A payment that was recorded. */
export interface PaymentRow {
  /** In the journal of payments. */
  readonly position: number;
  readonly timeMs: number;
  readonly account: string;
  readonly amount: bigint;
  /** As people write it. */
  readonly txid: string;
  readonly note: string;
}

export interface DistributionArguments {
  /** Multiples of the network's difficulty. */
  readonly window: number;
  readonly networkDifficulty: number;
}
/** The work that would share in a block now. */
export interface Distribution {
  /** Of the last record that is counted. */
  readonly position: number;
  readonly weights: readonly Weight[];
  readonly work: bigint;
  /** Whether there is as much work as the window wants. */
  readonly full: boolean;
}

/** What can be asked about payouts. */
export interface PayoutQueries {
  /** The latest block first. */
  dues(args: DuesArguments): Listed<DueRow>;
  /** In order of accounts. */
  balances(args: BalancesArguments): Listed<BalanceRow>;
  /** By the hash as people write it. */
  payouts(args: { readonly block: string }): BlockPayout | undefined;
  /** The latest first. */
  blockPayouts(args: Part): Listed<BlockPayoutRow>;
  /** The latest first. */
  payments(args: Part & { readonly account?: string }): Listed<PaymentRow>;
  /** Empty before there are any terms. */
  distribution(args: DistributionArguments): Distribution;
}
