import type { FromClient, FromServer, Protocol } from '@sv2kit/codec';
import type {
  Clock,
  Connection,
  ConnectionBook,
  ConnectionHandler,
  ConnectOptions,
  Counter,
  Limits,
  Logger,
  NetMetrics,
} from '@sv2kit/net';
import type { ClientExtensions, ClientSetup } from '@sv2kit/session';
import type { Endpoint, Place } from './endpoint.ts';
import type { UpstreamPolicy } from './policy.ts';
import type { UpstreamHealth, UpstreamState } from './state.ts';

/**
 * What is counted, by `event`: connected, failed, lost, given-up, redirected, redirect-ignored,
 * moved (where Reconnect led), returned (to a better endpoint).
 */
export interface UpstreamMetrics {
  readonly events: Counter;
}

/** What an upstream is given whatever it speaks and to whom. */
export interface Ambience {
  readonly policy?: Partial<UpstreamPolicy>;
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  /** In 0..1. */
  readonly random?: () => number;
  readonly log?: Logger;
  readonly metrics?: UpstreamMetrics;
  readonly netMetrics?: NetMetrics;
  /** Where connections are announced, so that they can be watched. */
  readonly connections?: ConnectionBook | undefined;
}

/** What the fail-over works with. */
export interface CommonOptions<E extends Place> extends Ambience {
  /** Best first; at least one. */
  readonly endpoints: readonly E[];
  /** Told of each state; of the first one before the upstream has been returned. */
  readonly onState?: (state: UpstreamState<E>) => void;
}

/** What is to be done with Stratum V2 servers. */
export interface SessionOptions<P extends Protocol> {
  readonly protocol: P;
  /** What to say of ourselves. */
  readonly setup?: (endpoint: Endpoint) => Partial<ClientSetup>;
  readonly extensions?: ClientExtensions;
  readonly security?: ConnectOptions<P>['security'];
  /** Called for each connection that is ready; the one before has heard its `onClose` by then. */
  handler(connection: Connection<FromClient<P>>, endpoint: Endpoint): ConnectionHandler<FromServer<P>>;
  readonly connect?: (options: ConnectOptions<P>) => Promise<unknown>;
}

export type UpstreamOptions<P extends Protocol> = CommonOptions<Endpoint> & SessionOptions<P>;

export interface Upstream<E extends Place = Endpoint> {
  readonly state: UpstreamState<E>;
  readonly health: UpstreamHealth;
  /**
   * The application finds the server of no use, say because it opens no channel: fail over. Nothing happens while a
   * connection's handler is still being made: end that connection instead.
   */
  giveUp(reason: string): void;
  /**
   * Others to choose from, best first, at least one. A connection to one that is among them stays, and is given up for a
   * better one in time; one to another ends.
   */
  setEndpoints(endpoints: readonly E[]): void;
  /** Ends the connection and stays closed. */
  close(): Promise<void>;
}
