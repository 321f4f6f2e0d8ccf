// What the listener's thread and its handshake workers say to each other.
import type { ServerIdentity, TransportKeys } from '@sv2kit/noise';

/** Ephemeral keys that a worker keeps ready. */
export const AHEAD = 256;
/** Handshakes per message to a worker: large enough to spare messages, small enough that results flow. */
export const BATCH = 8;

export interface Batch {
  readonly identity: ServerIdentity;
  readonly acts: readonly Uint8Array[];
}

/** One per act, in order. */
export type Outcome = (TransportKeys & { readonly act2: Uint8Array }) | { readonly failure: string };
