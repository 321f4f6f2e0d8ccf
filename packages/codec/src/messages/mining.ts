// §5.3: the mining protocol.
import { channelMessage, message, type MessageOf, type TlvField } from '../declare.ts';
import {
  b0_32,
  b0_64k,
  b0_255,
  bool,
  code,
  f32,
  option,
  seq0_64k,
  seq0_255,
  str0_255_bytes,
  u16,
  u32,
  u64,
  u256,
} from '../data-types.ts';
import { WORKER_HASHRATE_TRACKING } from './extensions.ts';

const openFields = { requestId: u32, userIdentity: str0_255_bytes, nominalHashRate: f32, maxTarget: u256 };

/** Client -> server: open a header-only channel. `nominalHashRate` in hashes per second, 0 for an empty proxy. §5.3.2. */
export const OpenStandardMiningChannel = message('OpenStandardMiningChannel', 0x10, openFields);
export type OpenStandardMiningChannel = MessageOf<typeof OpenStandardMiningChannel>;

/** Server -> client: opened. §5.3.3. */
export const OpenStandardMiningChannelSuccess = message('OpenStandardMiningChannelSuccess', 0x11, {
  requestId: u32,
  channelId: u32,
  target: u256,
  extranoncePrefix: b0_32,
  groupChannelId: u32,
});
export type OpenStandardMiningChannelSuccess = MessageOf<typeof OpenStandardMiningChannelSuccess>;

/** Server -> client: neither kind of channel was opened. §5.3.6. */
export const OpenMiningChannelError = message('OpenMiningChannelError', 0x12, { requestId: u32, errorCode: code });
export type OpenMiningChannelError = MessageOf<typeof OpenMiningChannelError>;

/** Client -> server: open a channel whose client rolls the extranonce. §5.3.4. */
export const OpenExtendedMiningChannel = message('OpenExtendedMiningChannel', 0x13, {
  ...openFields,
  minExtranonceSize: u16,
});
export type OpenExtendedMiningChannel = MessageOf<typeof OpenExtendedMiningChannel>;

/** Server -> client: opened; `extranonceSize` is what the client may roll, in bytes. §5.3.5. */
export const OpenExtendedMiningChannelSuccess = message('OpenExtendedMiningChannelSuccess', 0x14, {
  requestId: u32,
  channelId: u32,
  target: u256,
  extranonceSize: u16,
  extranoncePrefix: b0_32,
  groupChannelId: u32,
});
export type OpenExtendedMiningChannelSuccess = MessageOf<typeof OpenExtendedMiningChannelSuccess>;

/** Server -> client: a job of a standard channel; a future one while `minNtime` is empty. §5.3.15. */
export const NewMiningJob = channelMessage('NewMiningJob', 0x15, {
  jobId: u32,
  minNtime: option(u32),
  version: u32,
  merkleRoot: u256,
});
export type NewMiningJob = MessageOf<typeof NewMiningJob>;

/** Client -> server: the channel's hashrate or wanted maximum target changed. §5.3.7. */
export const UpdateChannel = channelMessage('UpdateChannel', 0x16, { nominalHashRate: f32, maximumTarget: u256 });
export type UpdateChannel = MessageOf<typeof UpdateChannel>;

/** Server -> client: that change is invalid. §5.3.8. */
export const UpdateChannelError = channelMessage('UpdateChannelError', 0x17, { errorCode: code });
export type UpdateChannelError = MessageOf<typeof UpdateChannelError>;

/** Either side: the channel ends; a group's id ends all its members. §5.3.9. */
export const CloseChannel = channelMessage('CloseChannel', 0x18, { reasonCode: code });
export type CloseChannel = MessageOf<typeof CloseChannel>;

/** Server -> client: the prefix of jobs sent from now on. §5.3.10. */
export const SetExtranoncePrefix = channelMessage('SetExtranoncePrefix', 0x19, { extranoncePrefix: b0_32 });
export type SetExtranoncePrefix = MessageOf<typeof SetExtranoncePrefix>;

const shareFields = { sequenceNumber: u32, jobId: u32, nonce: u32, ntime: u32, version: u32 };

/** Client -> server: one solved header of a standard channel. §5.3.11. */
export const SubmitSharesStandard = channelMessage('SubmitSharesStandard', 0x1a, shareFields);
export type SubmitSharesStandard = MessageOf<typeof SubmitSharesStandard>;

const userIdentity: TlvField<Uint8Array> = { extension: WORKER_HASHRATE_TRACKING, fieldType: 0x01, max: 32 };

/** Client -> server: one solved header of an extended channel; `userIdentity` with extension 0x0002. §5.3.12. */
export const SubmitSharesExtended = channelMessage(
  'SubmitSharesExtended',
  0x1b,
  { ...shareFields, extranonce: b0_32 },
  { tlv: { userIdentity } },
);
export type SubmitSharesExtended = MessageOf<typeof SubmitSharesExtended>;

/** Server -> client: a batch of shares is accepted; `newSharesSum` is the sum of their difficulties. §5.3.13. */
export const SubmitSharesSuccess = channelMessage('SubmitSharesSuccess', 0x1c, {
  lastSequenceNumber: u32,
  newSubmitsAcceptedCount: u32,
  newSharesSum: u64,
});
export type SubmitSharesSuccess = MessageOf<typeof SubmitSharesSuccess>;

/** Server -> client: one share is rejected. §5.3.14. */
export const SubmitSharesError = channelMessage('SubmitSharesError', 0x1d, { sequenceNumber: u32, errorCode: code });
export type SubmitSharesError = MessageOf<typeof SubmitSharesError>;

/** Server -> client: a job of an extended channel or of a group; coinbase halves without BIP141 fields. §5.3.16. */
export const NewExtendedMiningJob = channelMessage('NewExtendedMiningJob', 0x1f, {
  jobId: u32,
  minNtime: option(u32),
  version: u32,
  versionRollingAllowed: bool,
  merklePath: seq0_255(u256),
  coinbaseTxPrefix: b0_64k,
  coinbaseTxSuffix: b0_64k,
});
export type NewExtendedMiningJob = MessageOf<typeof NewExtendedMiningJob>;

/** Server -> client: a new tip; activates a future job. §5.3.17. */
export const SetNewPrevHash = channelMessage('SetNewPrevHash', 0x20, {
  jobId: u32,
  prevHash: u256,
  minNtime: u32,
  nbits: u32,
});
export type SetNewPrevHash = MessageOf<typeof SetNewPrevHash>;

/** Server -> client: the target of jobs activated from now on. §5.3.21. */
export const SetTarget = channelMessage('SetTarget', 0x21, { maximumTarget: u256 });
export type SetTarget = MessageOf<typeof SetTarget>;

/** Client -> server: the client will work on a job of its own. §5.3.18. */
export const SetCustomMiningJob = channelMessage('SetCustomMiningJob', 0x22, {
  requestId: u32,
  miningJobToken: b0_255,
  version: u32,
  prevHash: u256,
  minNtime: u32,
  nbits: u32,
  coinbaseTxVersion: u32,
  coinbasePrefix: b0_255,
  coinbaseTxInputNSequence: u32,
  coinbaseTxOutputs: b0_64k,
  coinbaseTxLocktime: u32,
  merklePath: seq0_255(u256),
});
export type SetCustomMiningJob = MessageOf<typeof SetCustomMiningJob>;

/** Server -> client: the pool will pay for that job. §5.3.19. */
export const SetCustomMiningJobSuccess = channelMessage('SetCustomMiningJobSuccess', 0x23, {
  requestId: u32,
  jobId: u32,
});
export type SetCustomMiningJobSuccess = MessageOf<typeof SetCustomMiningJobSuccess>;

/** Server -> client: it will not. §5.3.20. */
export const SetCustomMiningJobError = channelMessage('SetCustomMiningJobError', 0x24, {
  requestId: u32,
  errorCode: code,
});
export type SetCustomMiningJobError = MessageOf<typeof SetCustomMiningJobError>;

/** Server -> client: these channels now belong to that group. Not a channel message by its bit. §5.3.22. */
export const SetGroupChannel = message('SetGroupChannel', 0x25, { groupChannelId: u32, channelIds: seq0_64k(u32) });
export type SetGroupChannel = MessageOf<typeof SetGroupChannel>;
