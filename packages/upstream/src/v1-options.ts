import type { CloseReason, ConnectWireOptions, Remote, TlsTrust } from '@sv2kit/net';
import type { ClientSessionOptions, Sv1ClientEvent, Sv1ClientSession } from '@sv2kit/sv1';
import type { Place } from './endpoint.ts';
import type { CommonOptions } from './options.ts';

/** A Stratum V1 server to connect to. */
export interface V1Endpoint extends Place {
  /** Whether it speaks TLS, and whom to trust then. */
  readonly tls: boolean | TlsTrust;
}

/** A pool that has let us in: subscribed, authorised, the version mask settled. */
export interface V1Pool {
  readonly session: Sv1ClientSession;
  readonly remote: Remote;
  readonly encrypted: boolean;
  /** The pool does not keep up: put off what can wait. */
  readonly congested: boolean;
  /** Writes what the session has to say at the end of this turn; happens by itself after `onEvent`. */
  flushSoon(): void;
  /** Writes it now. */
  flush(): void;
  /** Says the last words, then ends the connection. `reason` is a constant code for log and counters. */
  end(reason: string): void;
}

/** What an application does with a pool. Calls never overlap; what throws ends this connection only. */
export interface V1PoolHandler {
  /**
   * `ready` comes first, with the subscription and the mask; what the pool has said before follows: the difficulty, the
   * latest job. `reconnect` never comes: the upstream obeys it.
   */
  onEvent(event: Sv1ClientEvent): void;
  /** The pool keeps up again. */
  onDrain?(): void;
  /** Once, after everything else. */
  onClose(reason: CloseReason): void;
}

/** What is to be done with Stratum V1 pools. */
export interface PoolOptions {
  /**
   * Who we are to a pool. `endpoint` has the host and port of this very connection, which differ from the configured ones
   * where client.reconnect has led; hosts that it may name beside the present one are `reconnectHosts`.
   */
  session(endpoint: V1Endpoint): ClientSessionOptions;
  /** Called for each pool that has let us in; the one before has heard its `onClose` by then. */
  handler(pool: V1Pool, endpoint: V1Endpoint): V1PoolHandler;
  readonly connect?: (options: ConnectWireOptions) => Promise<unknown>;
}

export type V1UpstreamOptions = CommonOptions<V1Endpoint> & PoolOptions;
