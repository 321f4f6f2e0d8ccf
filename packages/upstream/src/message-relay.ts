import type { Reconnect } from '@sv2kit/codec';
import type { CloseReason, Connection, ConnectionHandler } from '@sv2kit/net';
import type { ForeignFrame } from '@sv2kit/session';
import { Relay, type RelayOwner } from './relay.ts';

/** A message of any protocol. */
export type AnyMessage = { readonly type: string };

/** The relay of a Stratum V2 connection. */
export class MessageRelay extends Relay implements ConnectionHandler<AnyMessage> {
  readonly #handler: ConnectionHandler<AnyMessage>;
  readonly #isVouchedFor: boolean;

  /** @param isVouchedFor - whether the server that Reconnect leads to has to show a certificate of the same authority */
  constructor(
    connection: Connection<AnyMessage>,
    handler: ConnectionHandler<AnyMessage>,
    owner: RelayOwner,
    isVouchedFor: boolean,
  ) {
    super(connection, owner);
    this.#handler = handler;
    this.#isVouchedFor = isVouchedFor;
  }

  onReady(): void {
    this.#handler.onReady?.();
  }

  onMessage(message: AnyMessage): void {
    if (!this.current) return;
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
    this.#handler.onClose(reason);
  }

  #onReconnect({ newHost, newPort }: Reconnect): void {
    this.owner.onRedirect({ newHost, newPort, mayChangeHost: this.#isVouchedFor, waitMs: 0 });
  }
}
