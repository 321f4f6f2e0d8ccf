/**
 * One Stratum V2 peer, sans-IO: bytes in, events out; connection setup (§3.6) and extension negotiation (0x0001).
 *
 * @example
 * const server = new ServerSession<typeof mining>({ security: 'plain', offers: [{ protocol: mining, flags: 0 }] });
 * for (const event of server.receive(chunk)) {
 *   if (event.type === 'setup') server.accept(0);
 *   if (event.type === 'message') server.send(answer(event.message));
 * }
 * socket.write(server.drain());
 * @packageDocumentation
 */
export { type FrameTap, type HandshakeResult, MAX_FOREIGN_PAYLOAD, type Security } from './base-session.ts';
export { ClientSession, type ClientSessionOptions, type ClientSetup } from './client-session.ts';
export { SESSION_ERRORS, type SessionErrorCode } from './errors.ts';
export type {
  Arrived,
  ClientEvent,
  ExtensionsAsked,
  ExtensionsChanged,
  ForeignArrived,
  ForeignFrame,
  HandshakeDue,
  Ready,
  ServerEvent,
  SessionEvent,
  SetupDue,
} from './events.ts';
export { type ClientExtensions, NO_EXTENSIONS, type ServerExtensions } from './extensions.ts';
export { ServerSession, type ServerSessionOptions } from './server-session.ts';
export { PROTOCOL_VERSION, type ServerOffer, type Versions } from './setup.ts';
