import type { Network } from '@sv2kit/bitcoin';

/** One transaction of a template. Ids as explorers show them, fees in satoshis. */
export interface TemplateTransaction {
  readonly txid: string;
  /** BIP141 weight units. */
  readonly weight: number;
  /** Absent where only the bytes are known. */
  readonly fee?: bigint;
  /** With its witness; absent where only its figures are known. */
  readonly data?: Uint8Array;
}

/** What somebody would have mined at one moment. */
export interface TemplateSnapshot {
  /** Where it is from, as it was asked for; never with a password. */
  readonly from: string;
  /** Absent when the source does not say. */
  readonly chain?: Network;
  /** Of the block to be mined. */
  readonly height: number;
  /** The tip it builds on, as explorers show it. */
  readonly prevHash: string;
  /** In block order. */
  readonly transactions: readonly TemplateTransaction[];
  /** What the coinbase may pay, in satoshis: the subsidy, and the fees of all transactions. */
  readonly value: bigint;
}

/** The weight of a template's transactions, without header and coinbase. */
export function weightOf(transactions: readonly TemplateTransaction[]): number {
  return transactions.reduce((sum, { weight }) => sum + weight, 0);
}

/** The fees of these; undefined when one is not known. */
export function feesOf(transactions: readonly TemplateTransaction[]): bigint | undefined {
  let sum = 0n;
  for (const { fee } of transactions) {
    if (fee === undefined) return undefined;
    sum += fee;
  }
  return sum;
}
