import type { FromClient, FromServer, Protocol } from '@sv2kit/codec';
import { type ClientExtensions, type ClientSetup, NO_EXTENSIONS } from '@sv2kit/session';
import { type ClientContext, ClientPeer } from './client-peer.ts';
import { ConnectError } from './connect-error.ts';
import type { Connection, ConnectionHandler } from './connection.ts';
import { DEFAULT_EXTENSIONS_MS, type Limits } from './limits.ts';
import { openSocket } from './open-socket.ts';
import { type AnyMessage, contextOf } from './peer-context.ts';
import type { Clock, ConnectionBook, Logger, NetMetrics } from './ports.ts';

export interface ConnectOptions<P extends Protocol> {
  readonly host: string;
  readonly port: number;
  /** `plain` only on the local network (§4). */
  readonly security?: 'noise' | 'plain';
  /** The authority's x-only key, 32 bytes; without it the connection is encrypted but the server is not authenticated. */
  readonly authority?: Uint8Array | undefined;
  readonly protocol: P;
  /** Versions default to 2, host and port to those above, texts to empty. */
  readonly setup?: Partial<ClientSetup>;
  readonly extensions?: ClientExtensions;
  /** How long to wait for TCP, and for an answer to RequestExtensions, in milliseconds. */
  readonly connectMs?: number;
  readonly extensionsMs?: number;
  readonly limits?: Partial<Limits>;
  /** Gives up, or ends the connection later, as `aborted`. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly metrics?: NetMetrics;
  /** Where connections are announced, so that they can be watched. */
  readonly connections?: ConnectionBook | undefined;
  /** Called once the connection is ready, before any message of the server is handed over. */
  handler(connection: Connection<FromClient<P>>): ConnectionHandler<FromServer<P>>;
}

/** Connects, shakes hands, sets up and negotiates extensions. Rejects with a ConnectError. */
export async function connect<P extends Protocol>(options: ConnectOptions<P>): Promise<Connection<FromClient<P>>> {
  options.signal?.throwIfAborted();
  const socket = await openSocket(options);
  const { promise, resolve, reject } = Promise.withResolvers<Connection<AnyMessage>>();
  try {
    const peer = new ClientPeer(socket, context(options, resolve, reject));
    const abort = () => peer.end('aborted');
    options.signal?.addEventListener('abort', abort, { once: true });
    socket.once('close', () => options.signal?.removeEventListener('abort', abort));
  } catch (error) {
    // What the options say of us does not fit a SetupConnection.
    reject(error);
    socket.destroy();
  }
  return (await promise) as unknown as Connection<FromClient<P>>;
}

function context(
  options: ConnectOptions<Protocol>,
  resolve: (connection: Connection<AnyMessage>) => void,
  reject: (error: ConnectError) => void,
): ClientContext {
  const { host, port } = options;
  return {
    ...contextOf(options),
    protocol: options.protocol,
    setup: { ...EMPTY_SETUP, endpointHost: host.slice(0, 255), endpointPort: port, ...options.setup },
    extensions: options.extensions ?? NO_EXTENSIONS,
    extensionsMs: options.extensionsMs ?? DEFAULT_EXTENSIONS_MS,
    secure: options.security !== 'plain',
    authority: options.authority,
    handler: (connection) => options.handler(connection as never) as ConnectionHandler<AnyMessage>,
    onReady: resolve,
    onGone: (reason) => reject(new ConnectError(reason)),
  };
}

const EMPTY_SETUP = {
  minVersion: 2,
  maxVersion: 2,
  flags: 0,
  vendor: 'sv2kit',
  hardwareVersion: '',
  firmware: '',
  deviceId: '',
};
