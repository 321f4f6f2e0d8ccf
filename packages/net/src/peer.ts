import type { SetupConnection } from '@sv2kit/codec';
import type { ClientSession, FrameTap, Ready, ServerSession, SessionEvent } from '@sv2kit/session';
import { announceSession } from './announce.ts';
import type { CloseReason } from './close-reasons.ts';
import type { Connection, ConnectionHandler, Urgency } from './connection.ts';
import type { AnyMessage } from './peer-context.ts';
import { SocketPeer } from './socket-peer.ts';

/** A Stratum V2 session on a socket. */
export abstract class Peer extends SocketPeer implements Connection<AnyMessage> {
  #ready: Ready | undefined;
  /** Frames that the application has seen. */
  #seen = 0;
  #announced: ReturnType<typeof announceSession>;

  protected abstract readonly session: ServerSession | ClientSession;
  abstract readonly setup: SetupConnection;
  /** Who opened it: the peer, or we. */
  abstract readonly direction: 'in' | 'out';
  /** Undefined until the application has been asked. */
  protected abstract readonly handler: ConnectionHandler<AnyMessage> | undefined;
  /** The heavy step is due; answer with `completeHandshake`. */
  protected abstract onHandshake(act: Uint8Array): void;
  protected abstract onSetup(setup: SetupConnection): void;
  /** A client's RequestExtensions is on its way. */
  protected abstract onAsking(): void;
  protected abstract onReady(): void;
  /** The socket is closed; the handler hears of it next. */
  protected abstract onGone(reason: CloseReason): void;

  get usedVersion(): number {
    return this.#ready?.usedVersion ?? 0;
  }

  get flags(): number {
    return this.#ready?.flags ?? 0;
  }

  get extensions(): ReadonlySet<number> {
    return this.session.extensions;
  }

  protected override get pendingBytes(): number {
    return this.session.pendingBytes;
  }

  protected override get frames(): number {
    return this.session.frames;
  }

  protected override get asides(): number {
    return this.session.frames - this.#seen;
  }

  protected override get midFrame(): boolean {
    return this.session.midFrame;
  }

  send(message: AnyMessage, urgency: Urgency = 'turn'): void {
    if (!this.isOpen) return;
    this.session.send(message as never);
    if (urgency === 'batch') this.flushWithOthers();
    else this.flushSoon();
  }

  sendFrame(frame: Uint8Array): void {
    if (!this.isOpen) return;
    if (this.#ready === undefined) throw new Error('nothing can be sent before the connection is ready');
    this.session.sendFrame(frame);
    this.flushSoon();
  }

  protected becomeReady(ready: Ready): void {
    this.#ready = ready;
    this.expectWithin(this.limits.firstUseMs, 'unused');
    this.#announced = announceSession(this, this.context);
    this.onReady();
  }

  tapFrames(tap: FrameTap | undefined): void {
    this.session.tap(tap);
  }

  protected override receive(chunk: Uint8Array): void {
    for (const event of this.session.receive(chunk)) {
      this.#onEvent(event);
      if (!this.isOpen) return;
    }
  }

  protected override drain(): Uint8Array | undefined {
    return this.session.drain();
  }

  protected override drained(): void {
    this.handler?.onDrain?.();
  }

  protected override gone(reason: CloseReason): void {
    this.#announced?.end(reason.code);
    this.onGone(reason);
    this.handler?.onClose(reason);
  }

  #onEvent(event: SessionEvent<AnyMessage>): void {
    switch (event.type) {
      case 'message':
        this.#seen += 1;
        this.handler?.onMessage(event.message);
        return;
      case 'foreign':
        if (this.handler?.onForeign === undefined) return;
        this.#seen += 1;
        this.handler.onForeign(event.foreign);
        return;
      case 'handshake':
        this.onHandshake(event.act);
        return;
      case 'setup':
        this.onSetup(event.setup);
        return;
      case 'asking':
        this.onAsking();
        return;
      case 'ready':
        this.becomeReady(event);
        return;
      case 'extensions':
        this.handler?.onExtensions?.(event.extensions);
        return;
      default:
        event satisfies never;
    }
  }
}
