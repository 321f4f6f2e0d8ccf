import type { MiningFromServer } from '@sv2kit/codec';

/**
 * Where a device stands with its channel: asked for it; has it and no job yet; mines; has lost it.
 *
 * opening -> waiting -> mining; any -> closed; closed -> opening.
 */
export type MinerPhase = 'opening' | 'waiting' | 'mining' | 'closed';

/**
 * What a device does with a message.
 * - `channel`: the channel's client takes it; what follows depends on its content.
 * - `below`: the session or the upstream has acted on it before it comes here; nothing is left to do.
 * - `unexpected`: counted and otherwise ignored, because it names nothing that this device has.
 */
export type Reaction = 'channel' | 'below' | 'unexpected';

type Row = Readonly<Record<MinerPhase, Reaction>>;

const below: Row = { opening: 'below', waiting: 'below', mining: 'below', closed: 'below' };
/** Answers to OpenStandardMiningChannel and OpenExtendedMiningChannel. */
const answer: Row = { opening: 'channel', waiting: 'unexpected', mining: 'unexpected', closed: 'unexpected' };
/** What concerns an open channel. */
const open: Row = { opening: 'unexpected', waiting: 'channel', mining: 'channel', closed: 'unexpected' };
/** Answers to what a device never sends. */
const never: Row = { opening: 'unexpected', waiting: 'unexpected', mining: 'unexpected', closed: 'unexpected' };

/** The device's whole behaviour by message and phase: every message that a mining server can send (§3.6, §5.3). */
export const REACTIONS: Readonly<Record<MiningFromServer['type'], Row>> = {
  SetupConnectionSuccess: below,
  SetupConnectionError: below,
  ChannelEndpointChanged: below,
  Reconnect: below,
  RequestExtensionsSuccess: below,
  RequestExtensionsError: below,
  OpenStandardMiningChannelSuccess: answer,
  OpenExtendedMiningChannelSuccess: answer,
  OpenMiningChannelError: answer,
  NewMiningJob: open,
  NewExtendedMiningJob: open,
  SetNewPrevHash: open,
  SetTarget: open,
  SetExtranoncePrefix: open,
  SetGroupChannel: open,
  CloseChannel: open,
  UpdateChannelError: open,
  SubmitSharesSuccess: open,
  SubmitSharesError: open,
  SetCustomMiningJobSuccess: never,
  SetCustomMiningJobError: never,
};
