import { ROOT, Segment } from './segment.ts';
import { type Building, type CapabilityRef, type StructBuilder, writeStruct } from './struct-builder.ts';

/** Builds a message of one segment. */
export class MessageBuilder {
  readonly #building: Building = { segment: new Segment(), capabilities: [] };

  /** Makes the struct that everything hangs on: once. */
  root(dataWords: number, pointers: number): StructBuilder {
    return writeStruct(this.#building, ROOT, dataWords, pointers);
  }

  /** The capabilities that were set so far, in the order of their indices. */
  get capabilities(): readonly CapabilityRef[] {
    return this.#building.capabilities;
  }

  /** The message as a frame, with its segment table: nothing may be set afterwards. */
  frame(): Uint8Array {
    return this.#building.segment.frame();
  }
}
