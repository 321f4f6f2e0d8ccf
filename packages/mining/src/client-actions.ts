import { compareTargets } from '@sv2kit/bitcoin';
import type {
  MiningFromServer,
  OpenExtendedMiningChannelSuccess,
  OpenStandardMiningChannelSuccess,
} from '@sv2kit/codec';
import type { Work } from './client-work.ts';
import type { ClientViolation } from './codes.ts';
import { MAX_FULL_EXTRANONCE_SIZE } from './limits.ts';

/** What a channel is asked for with (§5.3.2, §5.3.4). */
export interface ClientOptions {
  /** Unique on the connection. */
  readonly requestId: number;
  readonly userIdentity: Uint8Array;
  /** Hashes per second; 0 for an empty proxy. */
  readonly nominalHashRate: number;
  /** 32 bytes, little-endian. */
  readonly maxTarget: Uint8Array;
  readonly channel: { readonly kind: 'standard' } | { readonly kind: 'extended'; readonly minExtranonceSize: number };
  /**
   * Byte fields of the messages stay (`ownMessage`, or messages of a network layer that copies): they are kept as they
   * are, so that all channels of a group share them. Without, they are copied: a decoded message's are views.
   */
  readonly ownMessages?: boolean;
  /** The server said REQUIRES_FIXED_VERSION (§5.3.1). */
  readonly fixedVersion?: boolean;
}

/** What the host of a channel should know or do after a message. */
export type ClientAction =
  | { readonly kind: 'opened'; readonly channel: OpenChannel }
  | { readonly kind: 'open-refused'; readonly errorCode: string }
  /** Start on this at once; what was mined before is worth less or nothing. */
  | { readonly kind: 'work'; readonly work: Work; readonly newTip: boolean }
  | { readonly kind: 'future-job'; readonly jobId: number }
  /** Binds jobs that are activated later. */
  | { readonly kind: 'target'; readonly target: Uint8Array }
  /** Binds jobs that are sent later. */
  | { readonly kind: 'prefix'; readonly extranoncePrefix: Uint8Array }
  | { readonly kind: 'regrouped'; readonly groupChannelId: number }
  | {
      readonly kind: 'accepted';
      readonly lastSequenceNumber: number;
      readonly count: number;
      /** Sum of difficulties. */
      readonly sum: bigint;
    }
  | { readonly kind: 'rejected'; readonly sequenceNumber: number; readonly errorCode: string }
  | { readonly kind: 'update-refused'; readonly errorCode: string }
  /** Shares may be submitted for it from now on. On a group's id it may answer another member's request. */
  | {
      readonly kind: 'custom-job-accepted';
      readonly requestId: number;
      readonly jobId: number;
      readonly pinned: PinnedTerms;
    }
  | { readonly kind: 'custom-job-refused'; readonly requestId: number; readonly errorCode: string }
  | { readonly kind: 'closed'; readonly reasonCode: string }
  /** The server broke a rule; the offending message had no other effect than is said at the code. */
  | { readonly kind: 'violation'; readonly code: ClientViolation };

/** What the server holds to for a job of the client's own, whatever it says to the channel later. */
export interface PinnedTerms {
  /** Shares must be at or below it (§5.3.21); 32 bytes, little-endian. */
  readonly target: Uint8Array;
  /** The prefix that shares are judged with (§5.3.10). */
  readonly extranoncePrefix: Uint8Array;
  /** Bytes to roll behind it. */
  readonly extranonceSize: number;
}

/** What is known of a channel once it is open. */
export interface OpenChannel {
  readonly channelId: number;
  readonly groupChannelId: number;
  /** The target of jobs that are activated from now on. */
  readonly target: Uint8Array;
  /** The prefix of jobs that are sent from now on. */
  readonly extranoncePrefix: Uint8Array;
  /** Bytes to roll; 0 on a standard channel. */
  readonly extranonceSize: number;
}

/** What is wrong with the channel that the server opened, by what was asked for. */
export function openingViolation(
  message: OpenStandardMiningChannelSuccess | OpenExtendedMiningChannelSuccess,
  asked: ClientOptions['channel'],
  maxTarget: Uint8Array,
): ClientViolation | undefined {
  const kind = message.type === 'OpenExtendedMiningChannelSuccess' ? 'extended' : 'standard';
  if (kind !== asked.kind) return 'wrong-channel-kind';
  if (compareTargets(message.target, maxTarget) > 0) return 'target-above-maximum';
  if (asked.kind === 'standard' || message.type === 'OpenStandardMiningChannelSuccess') return undefined;
  const { extranonceSize, extranoncePrefix } = message;
  if (extranonceSize < asked.minExtranonceSize) return 'extranonce-too-small';
  return extranoncePrefix.length + extranonceSize > MAX_FULL_EXTRANONCE_SIZE ? 'extranonce-too-large' : undefined;
}

/** Answers to the client's own messages change nothing of the channel. */
export function answered(message: MiningFromServer, channel: OpenChannel): ClientAction[] {
  switch (message.type) {
    case 'SubmitSharesSuccess': {
      const { lastSequenceNumber, newSubmitsAcceptedCount: count, newSharesSum: sum } = message;
      return [{ kind: 'accepted', lastSequenceNumber, count, sum }];
    }
    case 'SubmitSharesError':
      return [{ kind: 'rejected', sequenceNumber: message.sequenceNumber, errorCode: message.errorCode }];
    case 'UpdateChannelError':
      return [{ kind: 'update-refused', errorCode: message.errorCode }];
    case 'SetCustomMiningJobSuccess': {
      const { requestId, jobId } = message;
      const { target, extranoncePrefix, extranonceSize } = channel;
      return [{ kind: 'custom-job-accepted', requestId, jobId, pinned: { target, extranoncePrefix, extranonceSize } }];
    }
    case 'SetCustomMiningJobError':
      return [{ kind: 'custom-job-refused', requestId: message.requestId, errorCode: message.errorCode }];
    default:
      return [];
  }
}
