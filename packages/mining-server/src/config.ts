import {
  type BatchPolicy,
  CHANNEL_LIMITS,
  type ChannelLimits,
  type ExtranonceSpace,
  MAX_FULL_EXTRANONCE_SIZE,
  type TargetPolicy,
  type VardiffTuning,
} from '@sv2kit/mining';

/** Named bounds of a server; every one is in docs/LIMITS.md. */
export interface MiningServerLimits {
  /** Channels of one connection; one more gets `channel-limit-reached`. */
  readonly channelsPerConnection: number;
  /** Channels that a connection may open a second once it has opened that many; more get `channel-limit-reached`. */
  readonly opensPerSecond: number;
  /** Slots of 12 bytes that the duplicate tables of all channels take together; then `share-budget-exhausted`. */
  readonly seenShareSlots: number;
  /** Refused shares in a row after which a channel is sent its work anew. */
  readonly refusedBeforeResend: number;
  /** Refused shares in a row after which a channel is closed, or a connection that names unknown channels. */
  readonly refusedBeforeClose: number;
  /** Shares a second that a connection may always send. */
  readonly sharesPerSecond: number;
  /** Beyond that, how many times the wanted share rate of its channels; more ends it as `share-flood`. */
  readonly floodFactor: number;
  /** Seconds of that rate that may come at once. */
  readonly floodBurstSeconds: number;
  /** Connections that fan-out serves before it lets shares through. */
  readonly fanOutSlice: number;
  /** Channels that the status lists one by one. */
  readonly statusChannels: number;
  readonly channel: ChannelLimits;
}

export const MINING_SERVER_LIMITS: MiningServerLimits = {
  channelsPerConnection: 8_192,
  opensPerSecond: 10,
  seenShareSlots: 16_777_216,
  refusedBeforeResend: 64,
  refusedBeforeClose: 1_024,
  sharesPerSecond: 500,
  floodFactor: 50,
  floodBurstSeconds: 10,
  fanOutSlice: 256,
  statusChannels: 256,
  channel: CHANNEL_LIMITS,
};

export interface MiningServerConfig {
  /** Bytes of the coinbase script between height and extranonce; see MAX_TAG_SIZE. */
  readonly tag: Uint8Array;
  /** Differs between processes that serve at the same time; 0 to 255. */
  readonly frontEnd: number;
  /** How a prefix is laid out; EXTRANONCE_LAYOUT when absent. */
  readonly extranonceLayout?: Pick<ExtranonceSpace, 'epochBytes' | 'frontEndBytes' | 'indexBytes'>;
  readonly versionRolling: boolean;
  /** Bytes to roll of an extended channel that asks for fewer. */
  readonly leastExtranonceSize: number;
  readonly targets: TargetPolicy;
  readonly batch: BatchPolicy;
  /** Time after which the latest template becomes new jobs, so that new targets bind; milliseconds. */
  readonly refreshMs: number;
  readonly vardiff?: VardiffTuning;
  readonly limits?: Partial<MiningServerLimits>;
}

/** Defaults of everything but what a server must be told: its tag. */
export const MINING_SERVER_DEFAULTS: Omit<MiningServerConfig, 'tag'> = {
  frontEnd: 0,
  versionRolling: true,
  leastExtranonceSize: 2,
  targets: { sharesPerMinute: 6, minDifficulty: 1e-6, maxDifficulty: 1e15, assumedHashrate: 1e12 },
  batch: { count: 32, delayMs: 10 },
  refreshMs: 30_000,
};

/** Consensus limit of a coinbase's script, less the template's height (8), two push opcodes and one length, and the job's number (2). */
export const MAX_TAG_SIZE = 100 - 8 - 3 - 2 - MAX_FULL_EXTRANONCE_SIZE;
