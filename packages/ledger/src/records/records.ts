import { type RecordOf, record } from './declare.ts';
import {
  bool,
  bytes,
  f64,
  fixedBytes,
  longBytes,
  maybe,
  oneOf,
  position,
  text,
  timeMs,
  u32,
  u64,
} from './field-types.ts';

/** The journal was opened. The first record of every run. */
export const Start = record('Start', 1, {
  /** Unix milliseconds, here and below. */
  timeMs,
  /** Strictly larger than that of every earlier run of this journal. */
  bootEpoch: u32,
});

/** A channel was opened (§5.3.2, §5.3.5). */
export const ChannelOpened = record('ChannelOpened', 2, {
  timeMs,
  /** Names the channel in later records; unique within one run (until the next Start). */
  channelKey: u32,
  /** The connection's number within the run. */
  connection: u32,
  /** The channel id the peer knows. */
  channelId: u32,
  kind: oneOf(['standard', 'extended']),
  userIdentity: bytes,
  extranoncePrefix: bytes,
  /** Address of the peer, e.g. `192.0.2.1:50000`. */
  remote: text,
  /** What SetupConnection says about the device (§3.6.1): vendor, hardware, firmware. */
  device: text,
});

/** A channel was closed. */
export const ChannelClosed = record('ChannelClosed', 3, { timeMs, channelKey: u32, reason: text });

/** A share that counts (§5.3.11, §5.3.12). */
export const ShareAccepted = record('ShareAccepted', 4, {
  timeMs,
  channelKey: u32,
  sequenceNumber: u32,
  jobId: u32,
  /**
   * Credited: of the job's target at activation, times the credit of its CustomJobAccepted where there is one; of the
   * network's target where that is easier, and only blocks count. 1 is the target 0x00000000ffff0000….
   */
  difficulty: f64,
  nonce: u32,
  ntime: u32,
  version: u32,
  /** The extranonce without the prefix; empty on standard channels. */
  extranonce: bytes,
  /** Internal byte order. */
  hash: fixedBytes(32),
  /** Extension 0x0002: the worker behind this share. */
  userIdentity: maybe(bytes),
  isBlock: bool,
});

/** A share that does not count, and why (§5.3.14). */
export const ShareRejected = record('ShareRejected', 5, {
  timeMs,
  channelKey: u32,
  sequenceNumber: u32,
  jobId: u32,
  nonce: u32,
  ntime: u32,
  version: u32,
  extranonce: bytes,
  userIdentity: maybe(bytes),
  /** The error code the peer was given. */
  code: text,
});

/** A share that solves a block. */
export const BlockFound = record('BlockFound', 6, {
  timeMs,
  channelKey: u32,
  height: maybe(u32),
  /** Internal byte order. */
  hash: fixedBytes(32),
  header: fixedBytes(80),
  /** The whole coinbase transaction, with witness where it has one. */
  coinbase: longBytes,
  /** The kind of channel that it was found on: sv2-standard, sv2-extended. */
  via: text,
  /** Whose template it is: pool-template, declared-full-template, coinbase-only, solo, v1-pool. */
  path: text,
  userIdentity: bytes,
});

/** What became of a block: matured is when its coinbase may be spent. */
export const BlockStatus = record('BlockStatus', 7, {
  timeMs,
  hash: fixedBytes(32),
  status: oneOf(['submitted', 'accepted', 'confirmed', 'orphaned', 'rejected', 'matured']),
  /** Which node or template provider said so. */
  by: text,
  reason: text,
});

/** A job that a channel's client made itself, and the pool pays for (§5.3.18). Before all shares on it. */
export const CustomJobAccepted = record('CustomJobAccepted', 8, {
  timeMs,
  channelKey: u32,
  /** Names the job in the channel's later records. */
  jobId: u32,
  mode: oneOf(['full-template', 'coinbase-only']),
  /** Of the token that the job was set with. */
  tokenId: bytes,
  /** Internal byte order. */
  prevHash: fixedBytes(32),
  /** Of the block that the job would make. */
  height: u32,
  /** Of the channel's target, pinned to the job; before the credit. */
  difficulty: f64,
  /** Part of a share's difficulty that is credited: above 0, at most 1. */
  credit: f64,
  /** Satoshis that the coinbase pays the pool. */
  payout: maybe(u64),
  /** The revenue that the payout is measured against: verified, or what the coinbase says. */
  value: maybe(u64),
});

/** How miners are paid, from here on: recorded when the pool starts, and governs the blocks found later. */
export const PayoutTerms = record('PayoutTerms', 9, {
  timeMs,
  mode: oneOf(['pool', 'solo', 'pplns']),
  /** Millionths of the revenue that the pool keeps. */
  feePpm: u32,
  /** PPLNS: how much work back from a block shares in it, in multiples of the network's difficulty. */
  window: f64,
  /** Of the block, before what it owes is due. */
  confirmations: u32,
  /** Where the pool itself is paid. */
  poolScript: bytes,
  /** Whose addresses accounts are: mainnet, testnet, testnet4, signet, regtest. */
  chain: text,
});

/** Who the coinbases of later jobs pay directly. Before the first job that carries it. */
export const PayoutSplit = record('PayoutSplit', 10, {
  timeMs,
  /** Names the split within the run. */
  splitId: u32,
  /** The last record whose work it counts. */
  position,
  /** Satoshis of the coinbase that it was computed for. */
  value: u64,
  /** The accounts, their weights and outputs: see src/payouts. */
  entries: longBytes,
});

/** Somebody was paid outside a coinbase. */
export const PayoutPaid = record('PayoutPaid', 11, {
  timeMs,
  account: text,
  /** Satoshis. */
  amount: u64,
  /** Internal byte order. */
  txid: fixedBytes(32),
  note: text,
});

export type Start = RecordOf<typeof Start>;
export type ChannelOpened = RecordOf<typeof ChannelOpened>;
export type ChannelClosed = RecordOf<typeof ChannelClosed>;
export type ShareAccepted = RecordOf<typeof ShareAccepted>;
export type ShareRejected = RecordOf<typeof ShareRejected>;
export type BlockFound = RecordOf<typeof BlockFound>;
export type BlockStatus = RecordOf<typeof BlockStatus>;
export type CustomJobAccepted = RecordOf<typeof CustomJobAccepted>;
export type PayoutTerms = RecordOf<typeof PayoutTerms>;
export type PayoutSplit = RecordOf<typeof PayoutSplit>;
export type PayoutPaid = RecordOf<typeof PayoutPaid>;

/** Whatever the journal remembers. */
export type JournalRecord =
  | Start
  | ChannelOpened
  | ChannelClosed
  | ShareAccepted
  | ShareRejected
  | BlockFound
  | BlockStatus
  | CustomJobAccepted
  | PayoutTerms
  | PayoutSplit
  | PayoutPaid;

/** Every record there is. */
export const records = {
  Start,
  ChannelOpened,
  ChannelClosed,
  ShareAccepted,
  ShareRejected,
  BlockFound,
  BlockStatus,
  CustomJobAccepted,
  PayoutTerms,
  PayoutSplit,
  PayoutPaid,
} as const;
