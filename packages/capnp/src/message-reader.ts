import { Arena } from './arena.ts';
import { CAPNP_LIMITS, type CapnpLimits } from './limits.ts';
import { StructReader } from './struct-reader.ts';

/**
 * A received message: one whole frame, of any number of segments.
 *
 * Reads in place: nothing is decoded before it is asked for, and the frame must not change meanwhile.
 *
 * @throws CapnpError where the frame is none, here or when the broken part of it is read
 */
export class MessageReader {
  readonly #arena: Arena;

  constructor(frame: Uint8Array, limits: CapnpLimits = CAPNP_LIMITS) {
    this.#arena = new Arena(frame, limits);
  }

  /** The struct that everything hangs on. */
  get root(): StructReader {
    return new StructReader(this.#arena, this.#arena.struct(0, this.#arena.root));
  }
}
