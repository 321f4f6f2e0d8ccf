import type { Socket } from 'node:net';
import { type Capability, CAPNP_LIMITS, type Method, RpcConnection } from '@sv2kit/capnp';
import type { Clock } from '../../host.ts';
import {
  callFailure,
  closedHere,
  lateAnswer,
  lateGreeting,
  lostConnection,
  noNode,
  tooManyCalls,
  unread,
} from './failures.ts';
import { IpcError, isIpcError } from './ipc-error.ts';
import { IPC_LIMITS } from './limits.ts';
import { openSocket } from './socket.ts';
import type { IpcStats } from './types.ts';

export interface LinkCallOptions {
  /** Until the answer; the connection is given up then, since a call cannot be withdrawn. */
  readonly timeoutMs?: number;
  /** Leaves at once, not together with what else this turn of the event loop has to say. */
  readonly urgent?: boolean;
  /** What a late answer means. */
  readonly late?: (path: string, method: string, ms: number) => IpcError;
}

/** Timers that are set to more go off at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A unix socket with Cap'n Proto on it: deadlines, a bound on calls in flight, and errors that say what to do. */
export class IpcLink {
  readonly path: string;
  readonly clock: Clock;
  /** Resolves when the connection is over, with the reason. */
  readonly ended: Promise<IpcError>;
  readonly #socket: Socket;
  readonly #rpc: RpcConnection;
  readonly #onEnd: (error: IpcError) => void;
  #end: IpcError | undefined;
  #socketError: Error | undefined;
  /** Whether something was heard that only a node says. */
  #greeted = false;
  #corked = false;
  #calls = 0;
  #inFlight = 0;
  #onIdle: (() => void) | undefined;

  /** @throws {@link IpcError} */
  static async open(path: string, clock: Clock): Promise<IpcLink> {
    return new IpcLink(path, clock, await openSocket(path, clock));
  }

  private constructor(path: string, clock: Clock, socket: Socket) {
    this.path = path;
    this.clock = clock;
    this.#socket = socket;
    const { promise, resolve } = Promise.withResolvers<IpcError>();
    this.ended = promise;
    this.#onEnd = resolve;
    this.#rpc = new RpcConnection({
      send: (bytes) => this.#send(bytes),
      onEnd: (error) => this.#finish(this.#greeted ? lostConnection(path, error) : noNode(path, error)),
      limits: { ...CAPNP_LIMITS, frameBytes: IPC_LIMITS.messageBytes },
    });
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => {
      this.#socketError = error;
    });
    socket.on('close', () => this.#lost());
    // It may have ended between two turns, before anybody listened.
    if (socket.destroyed) this.#lost();
  }

  /** Why the connection is over; undefined while it is not. */
  get endedBy(): IpcError | undefined {
    return this.#end;
  }

  get stats(): IpcStats {
    const { questions, imports, bytesSent, bytesReceived } = this.#rpc.stats;
    return { calls: this.#calls, callsInFlight: this.#inFlight, questions, imports, bytesSent, bytesReceived };
  }

  /** The peer's main interface, and what only a node's can do: anything else that listens there is told apart here. */
  async greet<T>(ask: (main: Capability, call: <R>(method: Method<R>) => Promise<R>) => Promise<T>): Promise<T> {
    const options = { timeoutMs: IPC_LIMITS.greetingTimeoutMs, late: lateGreeting };
    try {
      const main = await this.#ask('bootstrap', () => this.#rpc.bootstrap(), options);
      const answer = await ask(main, (method) => this.#ask(method.name, () => this.#rpc.call(main, method), options));
      this.#greeted = true;
      return answer;
    } catch (error) {
      if (this.#end !== undefined || !(error instanceof IpcError)) throw error;
      this.give(noNode(this.path, error.cause));
      throw this.#end ?? error;
    }
  }

  /** Rejects with {@link IpcError}, or with what `results` of the method throws. */
  call<T>(target: Capability, method: Method<T>, options: LinkCallOptions = {}): Promise<T> {
    return this.#ask(method.name, () => this.#rpc.call(target, method), options);
  }

  /** Gives the connection up: every call that waits fails with this. */
  give(reason: IpcError): void {
    this.#finish(reason);
  }

  /** Resolves after so long, or when the connection ends before. */
  async pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    using _timer = this.clock.after(ms, resolve);
    await Promise.race([promise, this.ended]);
  }

  /** Resolves when no call waits for its answer, or when that takes too long. */
  async idle(): Promise<void> {
    if (this.#inFlight === 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.clock.after(IPC_LIMITS.closeTimeoutMs, resolve);
      this.#onIdle = () => {
        timer[Symbol.dispose]();
        resolve();
      };
    });
  }

  /** Orderly end: what was sent arrives. Resolves when the socket is closed. */
  async close(): Promise<void> {
    this.#finish(closedHere(this.path), 'both');
    if (!this.#socket.closed) await new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
  }

  async #ask<T>(name: string, send: () => Promise<T>, options: LinkCallOptions): Promise<T> {
    if (this.#end !== undefined) throw ofMethod(this.#end, name);
    if (this.#inFlight >= IPC_LIMITS.callsInFlight) throw tooManyCalls(this.path, name, IPC_LIMITS.callsInFlight);
    const { timeoutMs = IPC_LIMITS.answerTimeoutMs, urgent = false, late = lateAnswer } = options;
    const timer = this.clock.after(Math.min(timeoutMs, LONGEST_TIMER_MS), () =>
      this.#finish(late(this.path, name, timeoutMs)),
    );
    this.#calls += 1;
    this.#inFlight += 1;
    try {
      const answer = send();
      if (urgent) this.#flush();
      return await answer;
    } catch (error) {
      const failure = callFailure(this.path, name, error);
      // The node has lost what it ran the call with: no call on this connection comes to more.
      if (isIpcError(failure, 'disconnected')) this.#finish(failure);
      throw this.#end === undefined ? failure : ofMethod(this.#end, name);
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#onIdle?.();
      timer[Symbol.dispose]();
    }
  }

  #lost(): void {
    const cause = this.#socketError;
    this.#finish(this.#greeted ? lostConnection(this.path, cause) : noNode(this.path, cause));
  }

  #send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
    const { writableLength } = this.#socket;
    if (writableLength > IPC_LIMITS.unsentBytes) this.#finish(unread(this.path, writableLength));
  }

  #receive(chunk: Uint8Array): void {
    // The Finish of an answer and the call that follows from it leave in one write.
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      setImmediate(() => this.#flush());
    }
    this.#rpc.receive(chunk);
  }

  #flush(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  }

  /**
   * open -> ended
   *
   * @param ends which ends are waited for: `both` when the node is to see an orderly end
   */
  #finish(reason: IpcError, ends: 'mine' | 'both' = 'mine'): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.#rpc.close(reason.message);
    this.#onEnd(reason);
    if (this.#socket.closed) return;
    // What was said last goes out first, if the peer still listens.
    this.#flush();
    const timer = this.clock.after(IPC_LIMITS.closeTimeoutMs, () => this.#socket.destroy());
    this.#socket.once('close', () => timer[Symbol.dispose]());
    if (ends === 'both') this.#socket.end();
    else this.#socket.destroySoon();
  }
}

/** The connection's end as the end of one call. */
function ofMethod(end: IpcError, method: string): IpcError {
  if (end.method === method) return end;
  return new IpcError(end.code, end.message, { ...end.details, method }, { cause: end });
}
