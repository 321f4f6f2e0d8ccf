import type { Socket } from 'node:net';

/** What a connection does about its socket's events. */
export interface SocketEvents {
  onData(chunk: Uint8Array): void;
  onDrain(): void;
  onEnd(): void;
  onError(error: Error): void;
  onSocketClosed(): void;
}

const OWNER = Symbol('owner');
/** A socket that knows whom its events concern. */
export type PeerSocket = Socket & { [OWNER]: SocketEvents };

// Shared by all sockets, so that a connection costs no closures.
function onData(this: PeerSocket, chunk: Uint8Array): void {
  this[OWNER].onData(chunk);
}
function onDrain(this: PeerSocket): void {
  this[OWNER].onDrain();
}
function onEnd(this: PeerSocket): void {
  this[OWNER].onEnd();
}
function onError(this: PeerSocket, error: Error): void {
  this[OWNER].onError(error);
}
function onClose(this: PeerSocket): void {
  this[OWNER].onSocketClosed();
}

/** Sends a socket's events to `owner`. */
export function ownSocket(socket: Socket, owner: SocketEvents): PeerSocket {
  const owned = Object.assign(socket, { [OWNER]: owner });
  owned.on('data', onData);
  owned.on('drain', onDrain);
  owned.on('end', onEnd);
  owned.on('error', onError);
  owned.on('close', onClose);
  return owned;
}

/** Takes the socket's events away from its owner, for the next one; errors meanwhile show in the close alone. */
export function disownSocket(socket: Socket): void {
  socket.off('data', onData);
  socket.off('drain', onDrain);
  socket.off('end', onEnd);
  socket.off('close', onClose);
  socket.on('error', ignored);
  socket.off('error', onError);
}

function ignored(): void {}
