import type { Capability } from './capability.ts';
import type { StructBuilder } from './struct-builder.ts';
import type { StructReader } from './struct-reader.ts';

/** Keeps the capability that a field of the results holds; undefined for null. What is not taken is released. */
export type Take = (index: number | undefined) => Capability | undefined;

/** One method of an interface, with the sizes, fields and defaults that the schema's compiler assigns. */
export interface Method<T> {
  /** For errors. */
  readonly name: string;
  readonly interfaceId: bigint;
  /** Its ordinal in the interface. */
  readonly id: number;
  /** Words of the data section of its parameters; none unless given. */
  readonly dataWords?: number;
  /** Pointers of its parameters; none unless given. */
  readonly pointers?: number;
  /** Sets the parameters that are not their defaults. */
  readonly params?: (params: StructBuilder) => void;
  /**
   * Reads the results. Runs once, before the call's promise is resolved; what it throws, the promise is rejected with.
   * The views that the reader gives stay valid: no frame is ever written again.
   */
  readonly results: (results: StructReader, take: Take) => T;
}
