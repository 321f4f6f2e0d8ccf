/** What a peer may send before it is refused. */
export interface CapnpLimits {
  /** Bytes of a frame with its segment table. Core takes no more either. */
  readonly frameBytes: number;
  /** Segments of a frame. Core takes no more either. */
  readonly segments: number;
  /** Objects that lie inside one another. */
  readonly nesting: number;
  /** How many times its own length may be read of a message by following its pointers. */
  readonly readings: number;
  /** Elements of one list, unless it is a list of bytes: a block has a tenth as many transactions. */
  readonly elements: number;
  /** Capabilities in one answer. */
  readonly capabilities: number;
}

/** The limits unless told otherwise; the first three are those of the C++ implementation. */
export const CAPNP_LIMITS: CapnpLimits = {
  frameBytes: 67_108_864,
  segments: 512,
  nesting: 64,
  readings: 4,
  elements: 262_144,
  capabilities: 1_024,
};
