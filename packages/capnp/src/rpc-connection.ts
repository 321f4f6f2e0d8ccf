import { Capability } from './capability.ts';
import { CapnpError, RpcError } from './errors.ts';
import { unimplementedMessage } from './echo.ts';
import { FrameReader } from './frame-reader.ts';
import { Imports } from './imports.ts';
import { CAPNP_LIMITS, type CapnpLimits } from './limits.ts';
import { MessageReader } from './message-reader.ts';
import type { Method, Take } from './method.ts';
import { Questions, settle } from './questions.ts';
import {
  abortMessage,
  ANSWER,
  bootstrapMessage,
  callMessage,
  finishMessage,
  MESSAGE,
  readException,
  refusalMessage,
  releaseMessage,
} from './rpc-messages.ts';
import type { CapabilityRef } from './struct-builder.ts';
import type { StructReader } from './struct-reader.ts';

export interface RpcConnectionOptions {
  /** Takes the bytes of one message: may be called several times in a turn, and must not throw for a dead socket. */
  readonly send: (bytes: Uint8Array) => void;
  /** The connection is over, once: by `close`, by the peer's Abort (RpcError) or by what it sent (CapnpError). */
  readonly onEnd?: (error: Error) => void;
  readonly limits?: CapnpLimits;
}

/** What a connection holds and has moved. Questions and imports that only grow are leaks. */
export interface RpcStats {
  /** Calls without an answer yet. */
  readonly questions: number;
  /** Things of the peer that are not released. */
  readonly imports: number;
  readonly messagesSent: number;
  readonly messagesReceived: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/**
 * The client's side of a two-party connection (Cap'n Proto RPC, level 1): bytes in, outcomes out. No sockets, no clock:
 * deadlines and bounds on calls in flight are its owner's.
 *
 * Offers nothing to the peer: its calls are refused, and what is not needed for calling it is answered as unimplemented.
 * A call cannot be withdrawn: to give one up is to close the connection.
 */
export class RpcConnection {
  readonly #options: RpcConnectionOptions;
  readonly #limits: CapnpLimits;
  readonly #frames: FrameReader;
  readonly #questions = new Questions();
  readonly #imports: Imports;
  readonly #moved = { messagesSent: 0, messagesReceived: 0, bytesSent: 0, bytesReceived: 0 };
  /** Chunks that came while one was being received: `send` may answer at once. */
  readonly #chunks: Uint8Array[] = [];
  #receiving = false;
  #ended: Error | undefined;

  constructor(options: RpcConnectionOptions) {
    this.#options = options;
    this.#limits = options.limits ?? CAPNP_LIMITS;
    this.#frames = new FrameReader(this.#limits);
    const release = (id: number, references: number): void => this.#transmit(releaseMessage(id, references));
    this.#imports = new Imports(release, this.#limits.capabilities);
  }

  /** Why the connection is over; undefined while it is not. */
  get ended(): Error | undefined {
    return this.#ended;
  }

  get stats(): RpcStats {
    return { questions: this.#questions.size, imports: this.#imports.size, ...this.#moved };
  }

  /** Asks for the peer's main interface. Rejects as {@link call} does. */
  bootstrap(): Promise<Capability> {
    return this.#ask('bootstrap', bootstrapMessage, (payload, take) => {
      const main = take(payload.capability(0));
      if (main === undefined) throw new RpcError('failed', 'the peer has no main interface', 'bootstrap');
      return main;
    });
  }

  /**
   * Calls a method.
   *
   * Rejects with RpcError for the peer's exception and for the connection's end (`disconnected`), with CapnpError for
   * results that are not what the method reads and for parameters over the limit, which are not sent, with what
   * `results` throws, and with Error for a released capability.
   * A rejection that nobody waits for is dropped.
   */
  call<T>(target: Capability, method: Method<T>): Promise<T> {
    return this.#ask(
      method.name,
      (question) => callMessage(question, target, method, (capability) => this.#idOf(capability)),
      (payload, take) => method.results(payload.struct(0), take),
    );
  }

  /** Bytes of the peer, in whatever pieces. Never throws: what should not have come ends the connection. */
  receive(chunk: Uint8Array): void {
    if (this.#ended !== undefined) return;
    this.#chunks.push(this.#receiving ? new Uint8Array(chunk) : chunk);
    if (this.#receiving) return;
    this.#receiving = true;
    try {
      for (let next = this.#chunks.shift(); next !== undefined; next = this.#chunks.shift()) this.#read(next);
    } catch (error) {
      if (error instanceof CapnpError) this.#transmit(abortMessage(error.message));
      this.#end(asError(error));
    } finally {
      this.#receiving = false;
      this.#chunks.length = 0;
    }
  }

  /** Ends the connection from this side: the socket is closed by whoever owns it. A second time does nothing. */
  close(reason: string): void {
    this.#end(new RpcError('disconnected', reason));
  }

  #read(chunk: Uint8Array): void {
    this.#moved.bytesReceived += chunk.length;
    for (const frame of this.#frames.receive(chunk)) {
      this.#moved.messagesReceived += 1;
      this.#onMessage(frame);
      if (this.#ended !== undefined) return;
    }
  }

  #onMessage(frame: Uint8Array): void {
    const message = new MessageReader(frame, this.#limits).root;
    switch (message.u16(0)) {
      case MESSAGE.return:
        return this.#onReturn(message.struct(0));
      case MESSAGE.abort:
        return this.#onAbort(message.struct(0));
      case MESSAGE.unimplemented:
        return this.#onUnimplemented(message.struct(0));
      case MESSAGE.call:
      case MESSAGE.bootstrap:
        return this.#transmit(refusalMessage(message.struct(0).u32(0)));
      case MESSAGE.finish:
      case MESSAGE.release:
        return; // Of calls that were refused, and of what was never exported: nothing is held for either.
      default:
        return this.#transmit(unimplementedMessage(frame));
    }
  }

  #onReturn(answer: StructReader): void {
    const id = answer.u32(0);
    const question = this.#questions.get(id);
    if (question === undefined)
      throw new CapnpError('out-of-protocol', `an answer to question ${id}, which is not open`);
    const kind = answer.u16(6);
    if (kind === ANSWER.results) {
      const payload = answer.struct(0);
      settle(question, payload, this.#imports.addTable(payload.structList(1)));
    } else if (kind === ANSWER.exception) {
      const { type, reason } = readException(answer.struct(0));
      question.reject(new RpcError(type, reason, question.name));
    } else {
      const reason = kind === ANSWER.canceled ? 'the call was canceled' : `an answer of kind ${kind}`;
      question.reject(new RpcError('failed', reason, question.name));
    }
    this.#questions.close(id);
    const noFinishNeeded = answer.bool(33);
    if (!noFinishNeeded) this.#transmit(finishMessage(id));
  }

  #onAbort(exception: StructReader): void {
    const { type, reason } = readException(exception);
    this.#end(new RpcError(type, `the peer ended the connection: ${reason}`));
  }

  /** The peer does not know a kind of message that was sent to it. */
  #onUnimplemented(message: StructReader): void {
    const kind = message.u16(0);
    if (kind !== MESSAGE.call && kind !== MESSAGE.bootstrap) return;
    const id = message.struct(0).u32(0);
    const question = this.#questions.get(id);
    this.#questions.close(id);
    question?.reject(new RpcError('unimplemented', 'the peer does not take calls', question.name));
  }

  #ask<T>(name: string, write: (id: number) => Uint8Array, read: (payload: StructReader, take: Take) => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    promise.catch(() => {});
    if (this.#ended !== undefined) {
      reject(disconnected(name, this.#ended));
      return promise;
    }
    const id = this.#questions.open({ name, resolve: (payload, take) => resolve(read(payload, take)), reject });
    try {
      const message = write(id);
      const { frameBytes } = this.#limits;
      if (message.length > frameBytes) throw new CapnpError('too-large', `${message.length} bytes, not ${frameBytes}`);
      this.#transmit(message);
    } catch (error) {
      this.#questions.close(id);
      reject(error);
    }
    return promise;
  }

  #idOf(capability: CapabilityRef): number {
    if (capability instanceof Capability && capability.isHeldBy(this.#imports)) return capability.id;
    throw new Error(`the capability ${capability.id} was released, or is another connection's`);
  }

  #transmit(message: Uint8Array): void {
    if (this.#ended !== undefined) return;
    this.#moved.messagesSent += 1;
    this.#moved.bytesSent += message.length;
    try {
      this.#options.send(message);
    } catch (error) {
      this.#end(asError(error));
    }
  }

  /** open -> ended */
  #end(error: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#imports.clear();
    for (const question of this.#questions.closeAll()) question.reject(disconnected(question.name, error));
    this.#options.onEnd?.(error);
  }
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

const disconnected = (method: string, error: Error): RpcError =>
  new RpcError('disconnected', error instanceof RpcError ? error.reason : error.message, method, { cause: error });
