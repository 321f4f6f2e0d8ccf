import { type RpcErrorType, RPC_ERRORS } from './errors.ts';
import { MessageBuilder } from './message-builder.ts';
import type { Method } from './method.ts';
import type { CapabilityRef, StructBuilder } from './struct-builder.ts';
import type { StructReader } from './struct-reader.ts';

/** The kinds of messages (rpc.capnp, struct Message) that this side sends or understands. */
export const MESSAGE = {
  unimplemented: 0,
  abort: 1,
  call: 2,
  return: 3,
  finish: 4,
  release: 6,
  bootstrap: 8,
} as const;

/** The kinds of answers (struct Return). */
export const ANSWER = { results: 0, exception: 1, canceled: 2 } as const;

/** The kinds of entries in a table of capabilities (struct CapDescriptor), as their sender means them. */
export const DESCRIPTOR = { none: 0, senderHosted: 1, senderPromise: 2, receiverHosted: 3 } as const;

const EXCEPTION_TYPES: readonly RpcErrorType[] = ['failed', 'overloaded', 'disconnected', 'unimplemented'];

/** Longest reason that is kept of a peer's, in characters. */
const REASON_LENGTH = 1_000;

/** Control characters: line ends among them, for reasons are one line of a log. */
const CONTROLS = /\p{Cc}+/gu;

/** Asks for the peer's main interface. */
export const bootstrapMessage = (question: number): Uint8Array =>
  message(MESSAGE.bootstrap, 1, 1, (bootstrap) => bootstrap.u32(0, question));

/**
 * Calls a method of something that the peer hosts.
 *
 * @param idOf - the peer's number of a capability; throws for one that may not be used
 */
export function callMessage<T>(
  question: number,
  target: CapabilityRef,
  method: Method<T>,
  idOf: (capability: CapabilityRef) => number,
): Uint8Array {
  const builder = new MessageBuilder();
  const root = builder.root(1, 1);
  root.u16(0, MESSAGE.call);
  const call = root.struct(0, 3, 3);
  call.u32(0, question);
  call.u16(4, method.id);
  call.u64(8, method.interfaceId);
  call.struct(0, 1, 1).u32(0, idOf(target));
  const payload = call.struct(1, 0, 2);
  const params = payload.struct(0, method.dataWords ?? 0, method.pointers ?? 0);
  method.params?.(params);
  const { capabilities } = builder;
  if (capabilities.length > 0) {
    const descriptors = payload.structList(1, capabilities.length, 1, 1);
    for (const [i, capability] of capabilities.entries()) {
      descriptors[i]?.u16(0, DESCRIPTOR.receiverHosted);
      descriptors[i]?.u32(4, idOf(capability));
    }
  }
  return builder.frame();
}

/** The answer was read. Its capabilities are counted and released one by one, not with it. */
export const finishMessage = (question: number): Uint8Array =>
  message(MESSAGE.finish, 1, 0, (finish) => {
    finish.u32(0, question);
    finish.bool(32, false, true);
  });

/** Gives references back. */
export const releaseMessage = (id: number, references: number): Uint8Array =>
  message(MESSAGE.release, 1, 0, (release) => {
    release.u32(0, id);
    release.u32(4, references);
  });

/** Answers a call of the peer: nothing is offered here. */
export const refusalMessage = (answer: number): Uint8Array =>
  message(MESSAGE.return, 2, 1, (refusal) => {
    refusal.u32(0, answer);
    refusal.u16(6, ANSWER.exception);
    writeException(refusal.struct(0, 1, 2), 'unimplemented', 'this side offers nothing to call');
  });

/** Says what ends the connection. */
export const abortMessage = (reason: string): Uint8Array =>
  message(MESSAGE.abort, 1, 2, (exception) => writeException(exception, 'failed', reason));

/** What an exception of the peer says, in one line. */
export function readException(exception: StructReader): { readonly type: RpcErrorType; readonly reason: string } {
  const type = EXCEPTION_TYPES[exception.u16(4)] ?? 'failed';
  const reason = exception.text(0).slice(0, REASON_LENGTH).replace(CONTROLS, ' ').trim();
  return { type, reason: reason || RPC_ERRORS[type] };
}

function writeException(exception: StructBuilder, type: RpcErrorType, reason: string): void {
  exception.text(0, reason);
  exception.u16(4, EXCEPTION_TYPES.indexOf(type));
}

/** A message with one struct in it, of the size that its kind has. */
function message(kind: number, dataWords: number, pointers: number, write: (body: StructBuilder) => void): Uint8Array {
  const builder = new MessageBuilder();
  const root = builder.root(1, 1);
  root.u16(0, kind);
  write(root.struct(0, dataWords, pointers));
  return builder.frame();
}
