import type { Socket } from 'node:net';
import { ConnectError } from './connect-error.ts';
import type { Limits } from './limits.ts';
import { openSocket } from './open-socket.ts';
import { contextOf } from './peer-context.ts';
import type { Clock, ConnectionBook, Logger, NetMetrics } from './ports.ts';
import { type TlsTrust, tlsClient } from './tls.ts';
import type { Wire, WireConnection } from './wire.ts';
import { WirePeer } from './wire-peer.ts';

export interface ConnectWireOptions {
  readonly host: string;
  readonly port: number;
  /** Whether to speak TLS, and whom to trust then; plain when absent. */
  readonly tls?: boolean | TlsTrust;
  /** How long to wait for TCP, in milliseconds; TLS has `limits.handshakeMs`. */
  readonly connectMs?: number;
  readonly limits?: Partial<Limits>;
  /** Gives up, or ends the connection later, as `aborted`. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly metrics?: NetMetrics;
  /** Where connections are announced, so that they can be watched. */
  readonly connections?: ConnectionBook | undefined;
  /** Called once the connection stands, TLS included; what it has to say leaves at once. */
  handler(connection: WireConnection): Wire;
}

/**
 * Connects, by TLS where asked for. Rejects with a ConnectError. The connection ends as `setup-timeout` unless `markReady`
 * is called within `limits.setupMs`.
 */
export async function connectWire(options: ConnectWireOptions): Promise<WireConnection> {
  options.signal?.throwIfAborted();
  const socket = secured(await openSocket(options), options);
  const { promise, resolve, reject } = Promise.withResolvers<WireConnection>();
  const peer = new WirePeer(socket, {
    ...contextOf(options),
    side: 'client',
    accept(connection) {
      const wire = options.handler(connection);
      resolve(connection);
      return wire;
    },
    onReady() {},
    onGone: (_, reason) => reject(new ConnectError(reason)),
  });
  const abort = () => peer.end('aborted');
  options.signal?.addEventListener('abort', abort, { once: true });
  socket.once('close', () => options.signal?.removeEventListener('abort', abort));
  return promise;
}

function secured(socket: Socket, { host, tls = false }: ConnectWireOptions): Socket {
  if (tls === false) return socket;
  try {
    return tlsClient(socket, host, tls === true ? {} : tls);
  } catch (error) {
    // What is given as roots cannot be read.
    socket.destroy();
    throw error;
  }
}
