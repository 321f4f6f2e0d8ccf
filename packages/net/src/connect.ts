import { connect as connectTcp, type Socket } from 'node:net';
import type { FromClient, FromServer, Protocol } from '@sv2kit/codec';
import { type ClientExtensions, type ClientSetup, NO_EXTENSIONS } from '@sv2kit/session';
import { type ClientContext, ClientPeer } from './client-peer.ts';
import type { CloseReason } from './close-reasons.ts';
import type { Connection, ConnectionHandler } from './connection.ts';
import { DEFAULT_CONNECT_MS, DEFAULT_EXTENSIONS_MS, DEFAULT_LIMITS, type Limits } from './limits.ts';
import { KEEP_ALIVE_MS } from './listen.ts';
import type { AnyMessage } from './peer-context.ts';
import { type Clock, type Logger, type NetMetrics, noMetrics, silentLogger, systemClock } from './ports.ts';

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
  /** Called once the connection is ready, before any message of the server is handed over. */
  handler(connection: Connection<FromClient<P>>): ConnectionHandler<FromServer<P>>;
}

/** Why there is no connection. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  /** As of a CloseReason, or `connect-timeout` or `aborted`. */
  readonly code: string;

  constructor(reason: CloseReason) {
    super(reason.error?.message ?? reason.code, { cause: reason.error });
    this.code = reason.code;
  }
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

function openSocket(options: ConnectOptions<Protocol>): Promise<Socket> {
  const { host, port, signal, clock = systemClock, connectMs = DEFAULT_CONNECT_MS } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connectTcp({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
  const fail = (reason: CloseReason) => {
    socket.destroy();
    reject(new ConnectError(reason));
  };
  const onError = (error: Error) => fail({ code: 'socket-error', error });
  const onAbort = () => fail({ code: 'aborted' });
  const timer = clock.after(connectMs, () => fail({ code: 'connect-timeout' }));
  socket.once('error', onError).once('connect', () => resolve(socket));
  signal?.addEventListener('abort', onAbort, { once: true });
  return promise.finally(() => {
    timer[Symbol.dispose]();
    socket.off('error', onError);
    signal?.removeEventListener('abort', onAbort);
  });
}

function context(
  options: ConnectOptions<Protocol>,
  resolve: (connection: Connection<AnyMessage>) => void,
  reject: (error: ConnectError) => void,
): ClientContext {
  const { host, port, clock = systemClock, log = silentLogger, metrics = noMetrics } = options;
  return {
    clock,
    log,
    metrics,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
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
