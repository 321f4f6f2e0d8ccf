import { BackOff } from '../back-off.ts';
import { type Clock, type Logger, pause } from '../host.ts';
import { LIMITS } from '../limits.ts';
import type { NodeStatus } from '../node-status.ts';
import { type ExpectedChain, WrongChainError } from '../rpc/chain-check.ts';
import type { RpcCaller } from '../rpc/rpc-client.ts';
import { IpcError } from './client/ipc-error.ts';
import { MiningClient } from './client/mining-client.ts';
import { IpcSession } from './ipc-session.ts';

export interface SessionKeeperParts {
  readonly path: string;
  readonly expected: ExpectedChain;
  readonly status: NodeStatus;
  readonly clock: Clock;
  readonly log: Logger;
  /** Uniform in [0, 1), for back-off. */
  readonly random: () => number;
  readonly rpc?: RpcCaller | undefined;
}

/** Keeps a connection to the node, and makes another whenever it ends, for ever. */
export class SessionKeeper {
  readonly #parts: SessionKeeperParts;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<(session: IpcSession | undefined) => void>();
  #session: IpcSession | undefined;
  #takesBlocks = false;
  #run: Promise<void> | undefined;

  constructor(parts: SessionKeeperParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#run ??= this.#keep();
  }

  /** The connection that is there; undefined while there is none. */
  get session(): IpcSession | undefined {
    return this.#session;
  }

  /** Whether the node took whole blocks when it was last there. */
  get takesBlocks(): boolean {
    return this.#session?.takesBlocks ?? this.#takesBlocks;
  }

  /** Calls `listener` with each connection when it is there, and with undefined when it is over. */
  onChange(listener: (session: IpcSession | undefined) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** The connection as soon as there is one; undefined when the signal aborts first. */
  ready(signal: AbortSignal): Promise<IpcSession | undefined> {
    if (this.#session !== undefined || signal.aborted) return Promise.resolve(this.#session);
    return new Promise((resolve) => {
      const done = (): void => {
        listener[Symbol.dispose]();
        signal.removeEventListener('abort', done);
        resolve(this.#session);
      };
      const listener = this.onChange(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  /** The node must not be used over this connection: it is given up, and made again later. */
  giveUp(session: IpcSession, reason: unknown): void {
    if (session !== this.#session) return;
    this.#parts.status.away(messageOf(reason));
    void session.client.close();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#session?.client.close();
    await this.#run;
  }

  async #keep(): Promise<void> {
    const { clock, random, status, log } = this.#parts;
    const { signal } = this.#closing;
    const backOff = new BackOff(random);
    while (!signal.aborted) {
      const startedMs = clock.now();
      try {
        const ended = await this.#hold();
        if (signal.aborted) return;
        if (ended.code !== 'closed') status.away(ended.message);
      } catch (error) {
        if (signal.aborted) return;
        status.away(messageOf(error));
        if (!(error instanceof IpcError || error instanceof WrongChainError)) {
          log.error('connecting over IPC failed in an unforeseen way', { error });
        }
      }
      if (clock.now() - startedMs >= LIMITS.ipcSettledMs) backOff.reset();
      await pause(clock, backOff.next(), signal);
    }
  }

  /** One connection from beginning to end. */
  async #hold(): Promise<IpcError> {
    const { path, clock, expected, log, rpc, status } = this.#parts;
    const client = await MiningClient.connect({ path, clock, signal: this.#closing.signal });
    try {
      const session = await IpcSession.open({ client, expected, log, rpc });
      if (session.network !== undefined) status.isOn(session.network);
      status.up();
      this.#takesBlocks = session.takesBlocks;
      this.#change(session);
      return await client.ended;
    } finally {
      this.#change(undefined);
      await client.close();
    }
  }

  #change(session: IpcSession | undefined): void {
    if (this.#session === session) return;
    this.#session = session;
    for (const listener of this.#listeners) listener(session);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
