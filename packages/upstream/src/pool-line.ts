import {
  type CloseReason,
  ConnectError,
  type Remote,
  type WatchableWire,
  type Wire,
  type WireConnection,
} from '@sv2kit/net';
import type { StratumError, Sv1ClientEvent, Sv1ClientSession } from '@sv2kit/sv1';
import type { UpstreamCloseReason } from './close-reasons.ts';
import type { PoolRelay } from './pool-relay.ts';
import type { Line } from './relay.ts';
import type { V1Pool } from './v1-options.ts';

/** What becomes of a connection to a pool. */
export interface PoolLineOwner {
  /** The pool has let us in. Gives nothing when that comes too late. */
  onReady(line: PoolLine): PoolRelay | undefined;
  /** It came to nothing. */
  onFailed(error: Error): void;
}

/** What a pool has said before it let us in, as far as it still holds. */
interface Early {
  difficulty?: EventOf<'difficulty'>;
  job?: EventOf<'job'>;
  reconnect?: EventOf<'reconnect'>;
}
type EventOf<T> = Extract<Sv1ClientEvent, { readonly type: T }>;

/** settling -> connected, gone */
type State =
  | { readonly phase: 'settling'; readonly early: Early }
  | { readonly phase: 'connected'; readonly relay: PoolRelay }
  | { readonly phase: 'gone' };

/** One connection to a Stratum V1 pool, from the first request on. */
export class PoolLine implements Wire, Line, V1Pool {
  readonly session: Sv1ClientSession;
  readonly #connection: WireConnection;
  readonly #owner: PoolLineOwner;
  #state: State = { phase: 'settling', early: {} };

  constructor(connection: WireConnection, session: Sv1ClientSession, owner: PoolLineOwner) {
    this.#connection = connection;
    this.session = session;
    this.#owner = owner;
    session.start();
  }

  get watchable(): WatchableWire {
    return { protocol: 'v1', tap: (listener) => this.session.tap(listener) };
  }

  get remote(): Remote {
    return this.#connection.remote;
  }

  get encrypted(): boolean {
    return this.#connection.encrypted;
  }

  get congested(): boolean {
    return this.#connection.congested;
  }

  flushSoon(): void {
    this.#connection.flushSoon();
  }

  flush(): void {
    this.#connection.flush();
  }

  end(reason: string): void {
    this.#connection.end(reason);
  }

  destroy(reason: string): void {
    this.#connection.destroy(reason);
  }

  receive(chunk: Uint8Array): void {
    for (const event of this.session.receive(chunk)) this.#onEvent(event);
  }

  drain(): Uint8Array | undefined {
    return this.session.drain();
  }

  onDrain(): void {
    if (this.#state.phase === 'connected') this.#state.relay.onDrain();
  }

  onClose(reason: CloseReason): void {
    const state = this.#state;
    this.#state = { phase: 'gone' };
    if (state.phase === 'connected') state.relay.onClose(reason);
    else if (state.phase === 'settling') this.#owner.onFailed(new ConnectError(reason));
  }

  #onEvent(event: Sv1ClientEvent): void {
    const state = this.#state;
    if (state.phase === 'connected') state.relay.onEvent(event);
    else if (state.phase === 'settling') this.#settle(event, state.early);
  }

  #settle(event: Sv1ClientEvent, early: Early): void {
    switch (event.type) {
      case 'ready':
        return this.#onReady(event, early);
      case 'denied':
        return this.#onDenied(event.step, event.error);
      case 'difficulty':
        early.difficulty = event;
        return;
      case 'job':
        early.job = event;
        return;
      case 'reconnect':
        early.reconnect = event;
        return;
      default:
        return;
    }
  }

  /** settling -> connected, or gone when nobody waits for it any more */
  #onReady(ready: EventOf<'ready'>, { difficulty, job, reconnect }: Early): void {
    const relay = this.#owner.onReady(this);
    if (relay === undefined) {
      this.#state = { phase: 'gone' };
      return;
    }
    this.#state = { phase: 'connected', relay };
    this.#connection.markReady();
    relay.onEvent(ready);
    if (difficulty !== undefined) relay.onEvent(difficulty);
    // The mask holds for shares that are still to come, whatever was known of it when the job came.
    if (job !== undefined) relay.onEvent({ type: 'job', job: { ...job.job, versionMask: ready.versionMask } });
    if (reconnect !== undefined) relay.onEvent(reconnect);
  }

  /** settling -> gone */
  #onDenied(step: 'subscribe' | 'authorise', { message }: StratumError): void {
    this.#state = { phase: 'gone' };
    this.#owner.onFailed(new Error(`denied (${step}): ${message}`));
    this.#connection.end('denied' satisfies UpstreamCloseReason);
  }
}
