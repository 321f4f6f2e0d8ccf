/**
 * Listen for and connect to Stratum V2 peers over TCP: the socket loop, limits, timeouts and handshake workers.
 *
 * @example
 * const listener = await listen({ host: '127.0.0.1', port: 0, services: [
 *   serve(mining, { accept: (connection) => ({ kind: 'accept', handler: new Downstream(connection) }) }),
 * ] });
 * const { port } = listener;
 * await connect({ host: '127.0.0.1', port, security: 'plain', protocol: mining, handler: (c) => new Miner(c) });
 * @packageDocumentation
 */
export {
  type CloseReason,
  CONNECT_ERRORS,
  NET_CLOSE_REASONS,
  type NetCloseReason,
  REFUSALS,
  type Refusal,
} from './close-reasons.ts';
export { ConnectError, type ConnectOptions, connect } from './connect.ts';
export type { Connection, ConnectionHandler } from './connection.ts';
export { ephemeralKey, type HandshakeJob, type Handshaker, inlineHandshakes } from './handshaker.ts';
export { DEFAULT_CONNECT_MS, DEFAULT_EXTENSIONS_MS, DEFAULT_LIMITS, type Limits } from './limits.ts';
export { type Listener, type ListenOptions, listen } from './listen.ts';
export {
  type Clock,
  type Counter,
  type Gauge,
  type Logger,
  type NetMetrics,
  noMetrics,
  silentLogger,
  systemClock,
} from './ports.ts';
export { type Accepted, type Refused, type Service, type ServiceOptions, serve } from './service.ts';
export { type WorkerHandshakesOptions, workerHandshakes } from './worker-handshaker.ts';
