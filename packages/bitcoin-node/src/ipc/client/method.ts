import type { Capability, StructBuilder, StructReader, Take } from '@sv2kit/capnp';

/** Writes a method's parameters. */
export type Write = (params: StructBuilder) => void;

/** Of a method without parameters. */
export const nothing: Write = () => {};

/** The parameter that most methods begin with: on which of its threads the node shall run them. */
export function context(params: StructBuilder, thread: Capability): void {
  params.struct(0, 0, 2).capability(0, thread);
}

/** The one capability that a method answers with. */
export const takeFirst = (results: StructReader, take: Take): Capability | undefined => take(results.capability(0));
