// What the server needs from its surroundings, as narrow as it is used.
import type { SetCustomMiningJob, SetupConnection } from '@sv2kit/codec';
import type { Journal } from '@sv2kit/ledger';
import type { CustomJobErrorCode, CustomJobMode, Job, Payout, Solution, Tip, WorkTemplate } from '@sv2kit/mining';
import type { Events, KnownTransaction, TemplateView } from '@sv2kit/monitor';
import type { Clock, Connection, Counter, Gauge, Logger } from '@sv2kit/net';
import type { MiningFromServer } from '@sv2kit/codec';
import type { BlockPath } from './config.ts';

/** The part of the ledger's journal that shares go through. */
export type ShareJournal = Pick<Journal, 'append' | 'bootEpoch' | 'onState' | 'onWatermark' | 'state' | 'watermark'>;

/** A connection of a miner. */
export type MinerConnection = Connection<MiningFromServer>;

/** Who asks for a channel. */
export interface AuthorisationRequest {
  readonly userIdentity: Uint8Array;
  readonly kind: 'standard' | 'extended';
  /** Hashes per second as stated. */
  readonly nominalHashRate: number;
  readonly remote: { readonly address: string; readonly port: number };
  readonly setup: SetupConnection;
}

/** Whether, and for whose payout, the channel may mine. */
export type Authorisation =
  | { readonly kind: 'admitted'; readonly payout: Payout }
  | { readonly kind: 'refused'; readonly code: 'unknown-user' | 'invalid-user-identity' };

/** A block that a miner of this server found. */
export interface FoundBlock {
  readonly solution: Solution;
  readonly height: number;
  readonly foundAtMs: number;
  readonly path: BlockPath;
  readonly via: 'sv2-standard' | 'sv2-extended';
  /** The channel's identity. */
  readonly userIdentity: Uint8Array;
  /** The worker behind the share, where extension 0x0002 names one. */
  readonly worker: Uint8Array | undefined;
  /** Vendor, hardware and firmware as the miner stated them (§3.6.1). */
  readonly device: string;
}

/** What a judge is asked about a SetCustomMiningJob (§5.3.18) that kept the rules of channels and flags. */
export interface CustomJobRequest {
  /** Its byte fields stay. */
  readonly message: SetCustomMiningJob;
  /** Of the channels, which have the same. */
  readonly userIdentity: Uint8Array;
  /** Name the channels that take the job: a token is good once for each. */
  readonly channelKeys: readonly number[];
  /** Prefix and rolled part together, in bytes. */
  readonly fullExtranonceSize: number;
  readonly nowMs: number;
}

/** The server is committed to crediting the job's shares. */
export interface AcceptedCustomJob {
  readonly kind: 'accepted';
  readonly mode: CustomJobMode;
  /** 16 bytes. */
  readonly tokenId: Uint8Array;
  /** The tip that prev_hash names. */
  readonly tip: Tip;
  /** Part of a share's difficulty that is credited: above 0, at most 1. */
  readonly credit: number;
  /** Of the block that the job would make. */
  readonly height: number;
  /** Satoshis that the coinbase pays the pool, and the revenue that they are measured against, for the journal. */
  readonly payout?: bigint;
  readonly value?: bigint;
}

export type CustomJobVerdict =
  | AcceptedCustomJob
  | { readonly kind: 'refused'; readonly code: CustomJobErrorCode }
  /** The node has not seen prev_hash yet; asked again by {@link MiningServer.tipSeen}. */
  | { readonly kind: 'unseen-tip' };

/** Whether the pool pays for jobs that clients bring themselves. */
export interface CustomJobJudge {
  judge(request: CustomJobRequest): CustomJobVerdict;
}

/** A share that was accepted. */
export interface AcceptedShare {
  readonly job: Job;
  /** In full: prefix and rolled part. */
  readonly extranonce: Uint8Array;
  /** Internal byte order. */
  readonly hash: Uint8Array;
  readonly version: number;
  /** Unix seconds. */
  readonly ntime: number;
  readonly nonce: number;
  /** The difficulty that it proves. */
  readonly work: number;
  /** What tells of the hashrate: the difficulty of the job, though blocks be easier; 0 of a block that misses it. */
  readonly measured: number;
  /** The channel's identity. */
  readonly userIdentity: Uint8Array;
  /** The worker behind the share, where extension 0x0002 names one. */
  readonly worker: Uint8Array | undefined;
  readonly isBlock: boolean;
}

/** Durations in milliseconds. */
export interface Timing {
  record(ms: number): void;
}

/** What the server counts and times. */
export interface MiningServerMetrics {
  /** Shares judged, by `outcome`: accepted, block, or the code of their error. */
  readonly shares: Counter;
  /** Channels opened, by `kind`. */
  readonly channelsOpened: Counter;
  /** Channels refused, by `code`. */
  readonly channelsRefused: Counter;
  /** Channels closed, by `reason`: a code of CLOSE_REASONS, or `client`. */
  readonly channelsClosed: Counter;
  /** Channels open now. */
  readonly channels: Gauge;
  /** Messages for channels that are not there, by `message`. */
  readonly strays: Counter;
  /** What came of bad shares, by `step`: new-work, close-channel, reconnect, ban, refused (a channel, for a ban). */
  readonly badShares: Counter;
  /** SetCustomMiningJob messages answered, by `outcome`: the job's mode, or the code of the error. */
  readonly customJobs: Counter;
  /** From a share's arrival to its Success on its way, journal included. */
  readonly shareToSuccess: Timing;
  /** From a share's arrival to its Error on its way. */
  readonly shareToError: Timing;
  /** From a template or tip to the last connection's messages on their way. */
  readonly workToLast: Timing;
  /** From the first connection's messages to the last's. */
  readonly fanOut: Timing;
}

export interface MiningServerDeps {
  readonly journal: ShareJournal;
  /** Asked for every channel; others are served meanwhile. */
  authorise(request: AuthorisationRequest): Authorisation | Promise<Authorisation>;
  /** A block: called before the share is recorded or answered, at most once per block and channel. */
  onBlock(block: FoundBlock): void;
  /** Every accepted share, in the turn in which it is judged; a block also when the journal takes nothing. */
  onShare?(share: AcceptedShare): void;
  /** Judges the jobs of clients with work selection; absent: `jd-not-supported`. */
  readonly customJobs?: CustomJobJudge;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: MiningServerMetrics;
  /** Hears of channels, workers, best shares and bans. */
  readonly events?: Pick<Events, 'emit'> | undefined;
  /** What is known of a template beyond what the job says, for those who look at the work. */
  describe?(template: WorkTemplate): Pick<TemplateView, 'transactions' | 'fees'>;
  /** Who made it, in words. */
  source?(template: WorkTemplate): string | undefined;
  /** Its transactions in block order, where they are known. */
  contents?(template: WorkTemplate): readonly KnownTransaction[] | undefined;
  /** What earlier runs did is yet to come, by {@link MiningServer.past}. */
  readonly hasPast?: boolean;
  /** A clock that only goes forward, in milliseconds with fractions; the process's own when absent. */
  readonly ticks?: () => number;
}

const counter: Counter = { inc() {} };
const timing: Timing = { record() {} };
/** Metrics that count nothing. */
export const noMiningMetrics: MiningServerMetrics = {
  shares: counter,
  channelsOpened: counter,
  channelsRefused: counter,
  channelsClosed: counter,
  channels: { set() {} },
  strays: counter,
  badShares: counter,
  customJobs: counter,
  shareToSuccess: timing,
  shareToError: timing,
  workToLast: timing,
  fanOut: timing,
};
