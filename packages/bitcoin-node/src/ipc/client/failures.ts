import { CapnpError, RpcError } from '@sv2kit/capnp';
import { IpcError, type IpcErrorCode } from './ipc-error.ts';

const SPEAKS_NO_IPC = 'name the socket of a Bitcoin Core that was started with -ipcbind=unix';

/** What a node's stub for a replaced method says; so does the exception type of nothing else. */
const REPLACED = /not supported\. please update/i;
/** The height alone is too short a script for the first blocks of a chain; some versions 31 do not see to that. */
const SHORT_CHAIN = /bad-cb-length/;
/** What nodes of version 30 say to overlapping calls. */
const THREAD_BUSY = /thread busy/i;

/** What a node answered cannot be right; `message` says why. Thrown by whoever reads the results of a call. */
export class BadAnswerError extends Error {
  override readonly name = 'BadAnswerError';
}

/** Why one call failed while the connection goes on. Bugs of our own are handed back as they are. */
export function callFailure(path: string, method: string, error: unknown): unknown {
  if (error instanceof CapnpError && error.code === 'too-large') {
    const text = `${method}: ${error.message}: ask for less, or send less, at a time`;
    return new IpcError('too-large', text, { method, path }, { cause: error });
  }
  if (error instanceof CapnpError || error instanceof BadAnswerError) {
    const text =
      `${method}: the node at ${path} answered with what cannot be right (${error.message}): ` +
      'see that sv2kit knows this version of the node';
    return new IpcError('malformed', text, { method, path }, { cause: error });
  }
  if (!(error instanceof RpcError)) return error;
  if (SHORT_CHAIN.test(error.reason)) return shortChain(path, method, error);
  const { code, advice } = judge(error);
  const text = `${method}: the node at ${path} says "${error.reason}"${advice}`;
  return new IpcError(code, text, { method, path, reason: error.reason }, { cause: error });
}

/** The same whenever it is said: what the node says names another transaction each time. */
function shortChain(path: string, method: string, cause: RpcError): IpcError {
  const text =
    `the node at ${path} makes no templates over IPC for the first 16 blocks of a chain (bad-cb-length): ` +
    'mine these by its RPC';
  return new IpcError('failed', text, { method, path, reason: cause.reason }, { cause });
}

function judge({ type, reason }: RpcError): { readonly code: IpcErrorCode; readonly advice: string } {
  if (REPLACED.test(reason)) {
    return { code: 'too-new', advice: ': update sv2kit, or let it speak to the node over JSON-RPC meanwhile' };
  }
  if (THREAD_BUSY.test(reason)) {
    return { code: 'overloaded', advice: ': one call at a time on each of its threads; version 31 queues them' };
  }
  switch (type) {
    case 'failed':
      return { code: 'failed', advice: ': see its debug.log' };
    case 'overloaded':
      return { code: 'overloaded', advice: ': the call may be made again in a while' };
    case 'disconnected':
      return { code: 'disconnected', advice: ': connect again' };
    case 'unimplemented':
      return { code: 'unimplemented', advice: ': another version of the node may have the method' };
  }
}

/** Why a connection that had served is over. */
export function lostConnection(path: string, cause: unknown): IpcError {
  if (cause instanceof CapnpError) {
    const code = cause.code === 'too-large' ? 'too-large' : 'malformed';
    const text =
      `the node at ${path} sent what cannot be read (${cause.message}), and the connection was given up: ` +
      'see that sv2kit knows this version of the node';
    return new IpcError(code, text, { path }, { cause });
  }
  if (cause instanceof RpcError) {
    const text = `the connection to the node at ${path} is over (${cause.reason}): see its debug.log for the reason`;
    return new IpcError('disconnected', text, { path, reason: cause.reason }, { cause });
  }
  const why = cause instanceof Error ? ` (${cause.message})` : '';
  const text = `the node at ${path} went away${why}: it stopped or was killed, start it again`;
  return new IpcError('disconnected', text, { path }, { cause });
}

/** Why a connection is over on which nothing was heard yet that only a node says. */
export function noNode(path: string, cause: unknown): IpcError {
  if (cause instanceof CapnpError || cause instanceof RpcError) {
    const why = cause instanceof RpcError ? cause.reason : cause.message;
    const text = `what listens at ${path} does not speak Bitcoin Core's IPC (${why}): ${SPEAKS_NO_IPC}`;
    return new IpcError('not-a-node', text, { path }, { cause });
  }
  const text =
    `what listens at ${path} closed the connection without an answer: a node that is stopping, or something else; ` +
    SPEAKS_NO_IPC;
  return new IpcError('disconnected', text, { path }, { cause });
}

/** @param ms how long the answer was waited for */
export function lateAnswer(path: string, method: string, ms: number): IpcError {
  const text =
    `${method}: the node at ${path} did not answer in ${ms / 1_000} s, and the connection was given up: ` +
    `see in its debug.log whether it hangs, and restart it then`;
  return new IpcError('timeout', text, { method, path, ms });
}

export function lateGreeting(path: string, method: string, ms: number): IpcError {
  const text =
    `what listens at ${path} did not answer in ${ms / 1_000} s: a node that hangs, or something else; ` + SPEAKS_NO_IPC;
  return new IpcError('timeout', text, { method, path, ms });
}

export function stillLoading(path: string, method: string, ms: number): IpcError {
  const text =
    `the node at ${path} has not loaded its chain in ${ms / 1_000} s: ` +
    'wait until its debug.log says that it is done';
  return new IpcError('loading', text, { method, path, ms });
}

export function tooManyCalls(path: string, method: string, max: number): IpcError {
  const text = `${method}: ${max} calls already wait for the node at ${path}: make fewer at once`;
  return new IpcError('overloaded', text, { method, path, max });
}

/** @param bytes that the node has not taken yet */
export function unread(path: string, bytes: number): IpcError {
  const text =
    `the node at ${path} does not read what it is sent (${bytes} bytes wait): ` +
    `see in its debug.log whether it hangs, and restart it then`;
  return new IpcError('overloaded', text, { path, bytes });
}

export function tooLarge(method: string, bytes: number, max: number): IpcError {
  const text =
    `${method}: ${bytes} bytes are more than the ${max} that are taken at once: ` +
    'ask for less, or send less, at a time';
  return new IpcError('too-large', text, { method, bytes, max });
}

export function tooOld(path: string): IpcError {
  const text =
    `the node at ${path} is Bitcoin Core 30.0, whose mining interface can bring the node down: ` +
    `update it to version 31 or later (30.2 at least), or let sv2kit speak to it over JSON-RPC`;
  return new IpcError('too-old', text, { path });
}

export function closedHere(path: string): IpcError {
  return new IpcError('closed', `the connection to the node at ${path} was closed: make another`, { path });
}
