/**
 * Listen for and connect to Stratum V2 peers over TCP: the socket loop, limits, timeouts and handshake workers. Other
 * protocols over bytes run on the same loop as wires, by TLS where wanted.
 *
 * @example
 * const listener = await listen({ host: '127.0.0.1', port: 0, services: [
 *   serve(mining, { accept: (connection) => ({ kind: 'accept', handler: new Downstream(connection) }) }),
 * ] });
 * const { port } = listener;
 * await connect({ host: '127.0.0.1', port, security: 'plain', protocol: mining, handler: (c) => new Miner(c) });
 * @packageDocumentation
 */
export { AddressRanges, addressGroup } from './addresses.ts';
export {
  type CloseReason,
  CONNECT_ERRORS,
  NET_CLOSE_REASONS,
  type NetCloseReason,
  REFUSALS,
  type Refusal,
} from './close-reasons.ts';
export { type ConnectOptions, connect } from './connect.ts';
export { ConnectError } from './connect-error.ts';
export { type ConnectWireOptions, connectWire } from './connect-wire.ts';
export type { Connection, ConnectionHandler, Urgency } from './connection.ts';
export { ephemeralKey, type HandshakeJob, type Handshaker, inlineHandshakes } from './handshaker.ts';
export { DEFAULT_CONNECT_MS, DEFAULT_EXTENSIONS_MS, DEFAULT_LIMITS, type Limits } from './limits.ts';
export { type ListenOptions, listen } from './listen.ts';
export { type ListenWireOptions, listenWire } from './listen-wire.ts';
export {
  eachInSlices,
  LEAVE_TAKING_LIMITS,
  type Leaver,
  settled,
  takeLeave,
} from './leave-taking.ts';
export type { Listener } from './listener.ts';
export {
  type Clock,
  type ConnectionBook,
  type ConnectionTap,
  type Counter,
  type Gauge,
  type Logger,
  type NetMetrics,
  noMetrics,
  silentLogger,
  systemClock,
} from './ports.ts';
export { type Accepted, type Refused, type Service, type ServiceOptions, serve } from './service.ts';
export { MAX_PROXY_HEADER, type ProxyHeader, readProxyHeader } from './proxy-header.ts';
export type { Remote } from './remote.ts';
export type { TlsIdentity, TlsTrust } from './tls.ts';
export type { WatchableWire, Wire, WireConnection } from './wire.ts';
export { type WorkerHandshakesOptions, workerHandshakes } from './worker-handshaker.ts';
