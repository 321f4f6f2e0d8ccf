import type { FromClient, FromServer, Protocol } from '@sv2kit/codec';
import type {
  Clock,
  Connection,
  ConnectionHandler,
  ConnectOptions,
  Counter,
  Limits,
  Logger,
  NetMetrics,
} from '@sv2kit/net';
import type { ClientExtensions, ClientSetup } from '@sv2kit/session';
import type { Endpoint } from './endpoint.ts';
import type { UpstreamPolicy } from './policy.ts';
import type { UpstreamHealth, UpstreamState } from './state.ts';

/**
 * What is counted, by `event`: connected, failed, lost, given-up, redirected, redirect-ignored,
 * moved (where Reconnect led), returned (to a better endpoint).
 */
export interface UpstreamMetrics {
  readonly events: Counter;
}

export interface UpstreamOptions<P extends Protocol> {
  /** Best first; at least one. */
  readonly endpoints: readonly Endpoint[];
  readonly protocol: P;
  /** What to say of ourselves. */
  readonly setup?: (endpoint: Endpoint) => Partial<ClientSetup>;
  readonly extensions?: ClientExtensions;
  readonly security?: ConnectOptions<P>['security'];
  readonly policy?: Partial<UpstreamPolicy>;
  readonly limits?: Partial<Limits>;
  /** Called for each connection that is ready; the one before has heard its `onClose` by then. */
  handler(connection: Connection<FromClient<P>>, endpoint: Endpoint): ConnectionHandler<FromServer<P>>;
  readonly onState?: (state: UpstreamState) => void;
  readonly connect?: (options: ConnectOptions<P>) => Promise<unknown>;
  readonly clock?: Clock;
  /** In 0..1. */
  readonly random?: () => number;
  readonly log?: Logger;
  readonly metrics?: UpstreamMetrics;
  readonly netMetrics?: NetMetrics;
}

export interface Upstream {
  readonly state: UpstreamState;
  readonly health: UpstreamHealth;
  /** The application finds the server of no use, say because it opens no channel: fail over. */
  giveUp(reason: string): void;
  /** Ends the connection and stays closed. */
  close(): Promise<void>;
}

/** What `connect` needs to know whichever try it is. */
export function connectOptions<P extends Protocol>(
  { protocol, setup, extensions, security, limits, clock, log, netMetrics: metrics }: UpstreamOptions<P>,
  endpoint: Endpoint,
  { silenceMs }: UpstreamPolicy,
): Omit<ConnectOptions<P>, 'host' | 'port' | 'handler'> {
  return {
    protocol,
    authority: endpoint.authority,
    limits: { ...limits, silenceMs },
    ...(setup && { setup: setup(endpoint) }),
    ...(extensions && { extensions }),
    ...(security && { security }),
    ...(clock && { clock }),
    ...(log && { log }),
    ...(metrics && { metrics }),
  };
}
