import type { Socket } from 'node:net';
import type { Protocol, SetupConnection } from '@sv2kit/codec';
import { finishInitiator, type InitiatorState, startInitiator } from '@sv2kit/noise';
import { type ClientExtensions, ClientSession, type ClientSetup } from '@sv2kit/session';
import type { CloseReason } from './close-reasons.ts';
import type { Connection, ConnectionHandler } from './connection.ts';
import { ephemeralKey } from './handshaker.ts';
import { Peer } from './peer.ts';
import type { AnyMessage, PeerContext } from './peer-context.ts';

/** What one outgoing connection needs to know. */
export interface ClientContext extends PeerContext {
  readonly protocol: Protocol;
  readonly setup: ClientSetup;
  readonly extensions: ClientExtensions;
  readonly extensionsMs: number;
  readonly secure: boolean;
  readonly authority: Uint8Array | undefined;
  handler(connection: Connection<AnyMessage>): ConnectionHandler<AnyMessage>;
  onReady(peer: ClientPeer): void;
  onGone(reason: CloseReason): void;
}

/** A connection that we opened to a server. */
export class ClientPeer extends Peer {
  protected override readonly session: ClientSession;
  protected override handler: ConnectionHandler<AnyMessage> | undefined;
  readonly direction = 'out';
  readonly setup: SetupConnection;
  extensionsUnanswered = false;
  readonly #context: ClientContext;
  readonly #initiator: InitiatorState | undefined;
  #patience: Disposable | undefined;

  constructor(socket: Socket, context: ClientContext) {
    super(socket, context);
    this.#context = context;
    const { protocol, setup, extensions, limits } = context;
    const start = context.secure ? startInitiator(ephemeralKey()) : undefined;
    this.#initiator = start?.state;
    this.setup = { type: 'SetupConnection', ...setup, protocol: protocol.number };
    this.session = new ClientSession({ protocol, setup, extensions, act1: start?.act1 });
    if (context.secure) this.expectWithin(limits.handshakeMs, 'handshake-timeout');
    else this.expectWithin(limits.setupMs, 'setup-timeout');
    this.flush();
  }

  protected override onHandshake(act: Uint8Array): void {
    if (this.#initiator === undefined) throw new Error('a plain connection has no handshake');
    const { authority, clock } = this.#context;
    const keys = finishInitiator(this.#initiator, act, { authority, now: Math.floor(clock.now() / 1000) });
    this.session.completeHandshake({ keys });
    this.expectWithin(this.#context.limits.setupMs, 'setup-timeout');
  }

  protected override onSetup(): void {
    throw new Error('a server never sends SetupConnection');
  }

  protected override onAsking(): void {
    this.#stopAsking();
    const { clock, extensionsMs } = this.#context;
    this.#patience = clock.after(extensionsMs, () => this.enter(() => this.#goOnWithout()));
  }

  #goOnWithout(): void {
    const ready = this.session.extensionsTimedOut();
    this.extensionsUnanswered = true;
    if (ready !== undefined) this.becomeReady(ready);
  }

  #stopAsking(): void {
    this.#patience?.[Symbol.dispose]();
    this.#patience = undefined;
  }

  protected override onReady(): void {
    this.#stopAsking();
    this.handler = this.#context.handler(this);
    this.handler.onReady?.();
    this.#context.onReady(this);
  }

  protected override onGone(reason: CloseReason): void {
    this.#stopAsking();
    this.#context.onGone(reason);
  }
}
