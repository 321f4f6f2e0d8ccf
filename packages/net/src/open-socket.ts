import { connect as connectTcp, type Socket } from 'node:net';
import type { CloseReason } from './close-reasons.ts';
import { ConnectError } from './connect-error.ts';
import { DEFAULT_CONNECT_MS } from './limits.ts';
import { type Clock, systemClock } from './ports.ts';
import { KEEP_ALIVE_MS } from './tcp-listener.ts';

export interface SocketOptions {
  readonly host: string;
  readonly port: number;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly connectMs?: number;
}

/** Opens a TCP connection; a name is asked for anew each time. Rejects with a ConnectError. */
export function openSocket(options: SocketOptions): Promise<Socket> {
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
