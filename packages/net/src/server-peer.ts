import type { Socket } from 'node:net';
import type { SetupConnection } from '@sv2kit/codec';
import type { ServerIdentity } from '@sv2kit/noise';
import {
  type HandshakeResult,
  type Security,
  type ServerExtensions,
  type ServerOffer,
  ServerSession,
} from '@sv2kit/session';
import type { ConnectionHandler } from './connection.ts';
import type { HandshakeJob, Handshaker } from './handshaker.ts';
import { Peer } from './peer.ts';
import type { AnyMessage, PeerContext } from './peer-context.ts';
import { refuseProxyHeader } from './proxy-header.ts';
import type { Remote } from './remote.ts';
import type { Service } from './service.ts';

/** What all connections of a listener share. */
export interface ServerContext extends PeerContext {
  readonly security: Security;
  readonly identity: (() => ServerIdentity) | undefined;
  readonly handshakes: Handshaker | undefined;
  readonly services: readonly Service[];
  /** The same, as the session wants it. */
  readonly offers: readonly ServerOffer[];
  readonly extensions: ServerExtensions;
  onReady(): void;
  onGone(peer: ServerPeer): void;
}

/** A connection that a client opened to us. */
export class ServerPeer extends Peer {
  protected override readonly session: ServerSession;
  protected override handler: ConnectionHandler<AnyMessage> | undefined;
  readonly direction = 'in';
  wasReady = false;
  readonly #context: ServerContext;
  #setup: SetupConnection | undefined;

  constructor(socket: Socket, context: ServerContext, remote: Remote) {
    super(socket, context, remote);
    this.#context = context;
    const { security, offers, extensions, limits } = context;
    this.session = new ServerSession({ security, offers, extensions });
    if (security === 'noise') this.expectWithin(limits.handshakeMs, 'handshake-timeout');
    else this.expectWithin(limits.setupMs, 'setup-timeout');
  }

  override get setup(): SetupConnection {
    if (this.#setup === undefined) throw new Error('the client has not set up the connection yet');
    return this.#setup;
  }

  protected override receiveFirst(chunk: Uint8Array): void {
    refuseProxyHeader(chunk);
    this.receive(chunk);
  }

  protected override onHandshake(act: Uint8Array): void {
    const { identity, handshakes } = this.#context;
    if (identity === undefined || handshakes === undefined) throw new Error('a plain listener has no handshakes');
    handshakes.respond(new PeerHandshake(this, act, identity()));
  }

  /** The worker has answered. */
  completeHandshake(result: HandshakeResult | Error): void {
    this.enter(() => {
      if (result instanceof Error) throw result;
      this.session.completeHandshake(result);
      this.expectWithin(this.#context.limits.setupMs, 'setup-timeout');
    });
  }

  protected override onSetup(setup: SetupConnection): void {
    this.#setup = setup;
    const service = this.#context.services.find(({ protocol }) => protocol.number === setup.protocol);
    if (service === undefined) throw new Error('the session has accepted a protocol that nobody serves');
    const decision = service.accept(this);
    if (!this.isOpen) return;
    if (decision.kind === 'refuse') {
      this.session.refuse(decision.errorCode, decision.flags ?? 0);
      this.end('setup-refused');
      return;
    }
    this.handler = decision.handler;
    const ready = this.session.accept(decision.flags ?? 0);
    if (ready !== undefined) this.becomeReady(ready);
  }

  protected override onAsking(): void {
    throw new Error('a server never asks for extensions');
  }

  protected override onReady(): void {
    this.wasReady = true;
    this.#context.onReady();
    this.handler?.onReady?.();
  }

  protected override onGone(): void {
    this.#context.onGone(this);
  }
}

class PeerHandshake implements HandshakeJob {
  readonly act: Uint8Array;
  readonly identity: ServerIdentity;
  readonly #peer: ServerPeer;

  constructor(peer: ServerPeer, act: Uint8Array, identity: ServerIdentity) {
    this.#peer = peer;
    this.act = act;
    this.identity = identity;
  }

  get abandoned(): boolean {
    return !this.#peer.isOpen;
  }

  done(result: HandshakeResult | Error): void {
    this.#peer.completeHandshake(result);
  }
}
