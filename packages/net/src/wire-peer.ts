import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { ProtocolError } from '@sv2kit/codec';
import { announceWire } from './announce.ts';
import type { CloseReason, NetCloseReason } from './close-reasons.ts';
import type { PeerContext } from './peer-context.ts';
import { refuseProxyHeader } from './proxy-header.ts';
import type { Remote } from './remote.ts';
import { SocketPeer } from './socket-peer.ts';
import { beginsTls, tlsFault, whenSecure } from './tls.ts';
import type { Wire, WireConnection } from './wire.ts';

/** What all wires of a listener share, and what a single outgoing one knows. */
export interface WireContext extends PeerContext {
  readonly side: 'server' | 'client';
  /** The connection stands. */
  accept(connection: WireConnection): Wire;
  onReady(peer: WirePeer): void;
  onGone(peer: WirePeer, reason: CloseReason): void;
}

/** Any protocol over bytes on a socket, to either side. */
export class WirePeer extends SocketPeer implements WireConnection {
  readonly encrypted: boolean;
  readonly direction: 'in' | 'out';
  wasReady = false;
  readonly #context: WireContext;
  /** Undefined until the application has been asked: TLS comes first. */
  #wire: Wire | undefined;
  #announced: ReturnType<typeof announceWire>;

  constructor(socket: Socket, context: WireContext, remote?: Remote) {
    super(socket, context, remote);
    this.#context = context;
    this.direction = context.side === 'server' ? 'in' : 'out';
    this.encrypted = socket instanceof TLSSocket;
    if (socket instanceof TLSSocket) {
      this.expectWithin(this.limits.handshakeMs, 'handshake-timeout');
      whenSecure(socket, context.side, this);
    } else {
      this.onSecure();
    }
  }

  protected override get pendingBytes(): number {
    return 0;
  }

  protected override get frames(): number {
    return 0;
  }

  protected override get asides(): number {
    return 0;
  }

  protected override get midFrame(): boolean {
    return false;
  }

  markReady(): void {
    if (this.wasReady || !this.isOpen) return;
    this.wasReady = true;
    this.expectWithin(this.limits.firstUseMs, 'unused');
    this.#context.onReady(this);
    this.#announce();
  }

  /** Everything below the application stands. */
  onSecure(): void {
    // TLS may come about while the connection ends for having taken too long.
    if (!this.isOpen) return;
    this.expectWithin(this.limits.setupMs, 'setup-timeout');
    this.enter(this.#begin);
  }

  protected override receive(chunk: Uint8Array): void {
    this.#wire?.receive(chunk);
  }

  protected override receiveFirst(chunk: Uint8Array): void {
    if (!this.encrypted && this.#context.side === 'server') {
      refuseProxyHeader(chunk);
      if (beginsTls(chunk)) throw new ProtocolError('tls-unexpected' satisfies NetCloseReason);
    }
    this.receive(chunk);
  }

  protected override blame(error: Error | undefined): NetCloseReason {
    if (!this.encrypted) return super.blame(error);
    if (error !== undefined) return tlsFault(error);
    return this.#wire === undefined ? 'tls-failed' : 'peer-closed';
  }

  protected override drain(): Uint8Array | undefined {
    return this.#wire?.drain();
  }

  protected override drained(): void {
    this.#wire?.onDrain?.();
  }

  protected override gone(reason: CloseReason): void {
    this.#announced?.end(reason.code);
    this.#context.onGone(this, reason);
    this.#wire?.onClose(reason);
  }

  #begin(): void {
    this.#wire = this.#context.accept(this);
    if (this.wasReady) this.#announce();
  }

  /** Ready it may be before we have been given what runs on it. */
  #announce(): void {
    if (this.#wire === undefined || !this.isOpen) return;
    this.#announced ??= announceWire(this, this.#wire.watchable, this.#context);
  }
}
