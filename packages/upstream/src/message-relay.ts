import type { Reconnect } from '@sv2kit/codec';
import type { CloseReason, Connection, ConnectionHandler } from '@sv2kit/net';
import type { ForeignFrame } from '@sv2kit/session';
import { Relay, type RelayOwner } from './relay.ts';

/** A message of any protocol. */
export type AnyMessage = { readonly type: string };

/** What is known of the server apart from the connection. */
export interface ServerTraits {
  /** Whether the server that Reconnect leads to has to show a certificate of the same authority. */
  readonly isVouchedFor: boolean;
  /** The connection has ended, and the server has not said a word since it was set up. */
  onMute(): void;
}

/** The relay of a Stratum V2 connection. */
export class MessageRelay extends Relay implements ConnectionHandler<AnyMessage> {
  readonly #handler: ConnectionHandler<AnyMessage>;
  readonly #traits: ServerTraits;
  #heard = false;

  constructor(
    connection: Connection<AnyMessage>,
    handler: ConnectionHandler<AnyMessage>,
    owner: RelayOwner,
    traits: ServerTraits,
  ) {
    super(connection, owner);
    this.#handler = handler;
    this.#traits = traits;
  }

  onReady(): void {
    this.#handler.onReady?.();
  }

  onMessage(message: AnyMessage): void {
    if (!this.current) return;
    this.#heard = true;
    if (message.type === 'Reconnect') this.#onReconnect(message as Reconnect);
    else this.#handler.onMessage(message);
  }

  onForeign(foreign: ForeignFrame): void {
    if (this.current) this.#handler.onForeign?.(foreign);
  }

  onExtensions(extensions: ReadonlySet<number>): void {
    if (this.current) this.#handler.onExtensions?.(extensions);
  }

  onDrain(): void {
    if (this.current) this.#handler.onDrain?.();
  }

  protected override tell(reason: CloseReason): void {
    if (!this.#heard) this.#traits.onMute();
    this.#handler.onClose(reason);
  }

  #onReconnect({ newHost, newPort }: Reconnect): void {
    this.owner.onRedirect({ newHost, newPort, mayChangeHost: this.#traits.isVouchedFor, waitMs: 0 });
  }
}
