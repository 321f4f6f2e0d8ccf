import { type RecordOf, record } from './declare.ts';
import { bool, bytes, f64, fixedBytes, longBytes, maybe, oneOf, text, timeMs, u32 } from './field-types.ts';

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
  /** Of the job's target at activation; 1 is the target 0x00000000ffff0000…. */
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
  /** How the miner is connected: sv2-standard, sv2-extended, sv1-translator, sv2-to-sv1. */
  via: text,
  /** Whose template it is: pool-template, declared-full, declared-coinbase, solo. */
  path: text,
  userIdentity: bytes,
});

/** What became of a block. */
export const BlockStatus = record('BlockStatus', 7, {
  timeMs,
  hash: fixedBytes(32),
  status: oneOf(['submitted', 'accepted', 'confirmed', 'orphaned', 'rejected']),
  /** Which node or template provider said so. */
  by: text,
  reason: text,
});

export type Start = RecordOf<typeof Start>;
export type ChannelOpened = RecordOf<typeof ChannelOpened>;
export type ChannelClosed = RecordOf<typeof ChannelClosed>;
export type ShareAccepted = RecordOf<typeof ShareAccepted>;
export type ShareRejected = RecordOf<typeof ShareRejected>;
export type BlockFound = RecordOf<typeof BlockFound>;
export type BlockStatus = RecordOf<typeof BlockStatus>;

/** Whatever the journal remembers. */
export type JournalRecord =
  | Start
  | ChannelOpened
  | ChannelClosed
  | ShareAccepted
  | ShareRejected
  | BlockFound
  | BlockStatus;

/** Every record there is. */
export const records = {
  Start,
  ChannelOpened,
  ChannelClosed,
  ShareAccepted,
  ShareRejected,
  BlockFound,
  BlockStatus,
} as const;
