import { BIP323_MASK, type Network } from '@sv2kit/bitcoin';
import {
  type BatchPolicy,
  CHANNEL_LIMITS,
  type ChannelLimits,
  type Job,
  MAX_FULL_EXTRANONCE_SIZE,
  type OwnSpace,
  type TargetPolicy,
  type UpstreamSpace,
  type VardiffTuning,
} from '@sv2kit/mining';

/** Named bounds of a server; every one is in docs/LIMITS.md. */
export interface MiningServerLimits {
  /** Channels of one connection; one more gets `channel-limit-reached`. */
  readonly channelsPerConnection: number;
  /** Of a connection whose client brings its own jobs: one message for a group becomes a job and a record of each channel. */
  readonly channelsWithWorkSelection: number;
  /** Channels that a connection may open a second once it has opened that many; more get `channel-limit-reached`. */
  readonly opensPerSecond: number;
  /** Slots of 12 bytes that the duplicate tables of all channels take together; then `share-budget-exhausted`. */
  readonly seenShareSlots: number;
  /** Slots that the table of one tip of a channel may always have, however many the others take. */
  readonly assuredShareSlots: number;
  /** Bad shares on balance after which a channel is given new work. */
  readonly badSharesBeforeNewWork: number;
  /** And after which it is sent away: closed, and its connection told to reconnect when no other channel is on it. */
  readonly badSharesBeforeSendAway: number;
  /** Bad shares that an accepted one makes up for. */
  readonly badSharesForgiven: number;
  /** How long after a new tip stale shares are not bad ones; milliseconds. */
  readonly staleGraceMs: number;
  /** Times that a user is sent away from one address before it is banned there; 0: never. */
  readonly sentAwayBeforeBan: number;
  /** The time within which these count; milliseconds. */
  readonly sentAwayWithinMs: number;
  /** How long a banned user's channels from that address are refused as `banned-for-bad-shares`; milliseconds. */
  readonly banMs: number;
  /** Users of addresses that are remembered for it; the oldest give way. */
  readonly sentAwayRemembered: number;
  /** Shares for unknown channels after which a connection ends on which meanwhile no share was accepted. */
  readonly strayShares: number;
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
  /** Workers that are remembered; who worked longest ago gives way, and nobody who works. */
  readonly workers: number;
  /** Workers that the shares of one connection may name (extension 0x0002); those of more count as their channel's. */
  readonly workersPerConnection: number;
  /** Without a share for so long, and for five times its usual, a worker is idle; milliseconds. */
  readonly workerIdleMs: number;
  /** Without a channel for so long, or a share and for fifteen times its usual, a worker is gone; milliseconds. */
  readonly workerGoneMs: number;
  /** SetCustomMiningJob messages of a connection a second in the long run; more get `too-many-custom-jobs`. */
  readonly customJobsPerSecond: number;
  /** And so many at once. */
  readonly customJobsAtOnce: number;
  /** Custom jobs of one connection that wait for a tip which the server's node has not seen; one more gets `unknown-chain-tip`. */
  readonly heldCustomJobs: number;
  /** And of all connections together; one that has none waiting may always have one. */
  readonly heldCustomJobsInAll: number;
  /** How long they wait; milliseconds. */
  readonly heldCustomJobMs: number;
  /** How long after a new tip custom jobs of an earlier height still count, while their clients make new ones; milliseconds. */
  readonly staleCustomJobMs: number;
  /** How long the ledger may take nothing until miners are sent away, and others refused as `ledger-unavailable`; milliseconds. */
  readonly ledgerOutageMs: number;
  readonly channel: ChannelLimits;
}

export const MINING_SERVER_LIMITS: MiningServerLimits = {
  channelsPerConnection: 8_192,
  channelsWithWorkSelection: 64,
  opensPerSecond: 10,
  seenShareSlots: 16_777_216,
  assuredShareSlots: 1_024,
  badSharesBeforeNewWork: 64,
  badSharesBeforeSendAway: 512,
  badSharesForgiven: 16,
  staleGraceMs: 10_000,
  sentAwayBeforeBan: 2,
  sentAwayWithinMs: 86_400_000,
  banMs: 600_000,
  sentAwayRemembered: 4_096,
  strayShares: 1_024,
  sharesPerSecond: 500,
  floodFactor: 50,
  floodBurstSeconds: 10,
  fanOutSlice: 256,
  statusChannels: 256,
  workers: 65_536,
  workersPerConnection: 4_096,
  workerIdleMs: 300_000,
  workerGoneMs: 600_000,
  customJobsPerSecond: 5,
  customJobsAtOnce: 64,
  heldCustomJobs: 8,
  heldCustomJobsInAll: 256,
  heldCustomJobMs: 5_000,
  staleCustomJobMs: 5_000,
  ledgerOutageMs: 30_000,
  channel: CHANNEL_LIMITS,
};

/** Where extranonce prefixes lie: in a space of the server's own, or in what an upstream's extended channel leaves to it. */
export type ExtranoncePlace = 'own' | UpstreamSpace;

/** Whose template a block was made from; `v1-pool`: an upstream's that is served as it is. */
export type BlockPath = 'pool-template' | 'declared-full-template' | 'coinbase-only' | 'solo' | 'v1-pool';

export interface MiningServerConfig {
  /** Bytes of the coinbase script between height and extranonce; see MAX_TAG_SIZE. Not in an upstream's jobs. */
  readonly tag: Uint8Array;
  /** Differs between processes that serve at the same time; 0 to 255. */
  readonly frontEnd: number;
  /** `own` when absent; {@link MiningServer.renew} changes it. */
  readonly extranonce?: ExtranoncePlace;
  /** How a prefix of one's own space is laid out; EXTRANONCE_LAYOUT when absent. */
  readonly extranonceLayout?: Pick<OwnSpace, 'epochBytes' | 'frontEndBytes' | 'indexBytes'>;
  /** Version bits that miners may change, 0 for none; {@link MiningServer.setVersionMask} changes it. */
  readonly versionMask: number;
  /** What addresses of coinbase outputs are written for, for those who look at jobs; without it there are none. */
  readonly chain?: Network;
  /** Whether clients that bring jobs of their own are let in (REQUIRES_WORK_SELECTION, §5.3.1); true when absent. */
  readonly workSelection?: boolean;
  /** Whether every job has a number in its coinbase (see {@link Recipe}); true when absent. */
  readonly numbered?: boolean;
  /** What blocks of templates are called in the journal; `pool-template` when absent. */
  readonly path?: (job: Job) => BlockPath;
  /** Bytes to roll of an extended channel that asks for fewer. */
  readonly leastExtranonceSize: number;
  readonly targets: TargetPolicy;
  readonly batch: BatchPolicy;
  /** Time after which the latest template becomes new jobs, so that new targets bind; milliseconds. */
  readonly refreshMs: number;
  /** Vendors, as SetupConnection states them, whose clients are not sent Reconnect in a drain; none when absent. */
  readonly reconnectExcept?: readonly string[];
  readonly vardiff?: VardiffTuning;
  readonly limits?: Partial<MiningServerLimits>;
}

/** What of it may change while the server runs. */
export type LiveSettings = Pick<MiningServerConfig, 'targets' | 'batch' | 'refreshMs' | 'limits' | 'reconnectExcept'>;

/** Defaults of everything but what a server must be told: its tag. */
export const MINING_SERVER_DEFAULTS: Omit<MiningServerConfig, 'tag'> = {
  frontEnd: 0,
  versionMask: BIP323_MASK,
  leastExtranonceSize: 2,
  targets: { sharesPerMinute: 6, minDifficulty: 1e-6, maxDifficulty: 1e15, assumedHashrate: 1e12 },
  batch: { count: 32, delayMs: 10 },
  refreshMs: 30_000,
};

/** Consensus limit of a coinbase's script, less the template's height (8), two push opcodes and one length, and the job's number (3). */
export const MAX_TAG_SIZE = 100 - 8 - 3 - 3 - MAX_FULL_EXTRANONCE_SIZE;
