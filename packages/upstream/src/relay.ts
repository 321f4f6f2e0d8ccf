import type { Reconnect } from '@sv2kit/codec';
import type { CloseReason, Connection, ConnectionHandler } from '@sv2kit/net';
import type { ForeignFrame } from '@sv2kit/session';

/** A message of any protocol. */
export type AnyMessage = { readonly type: string };

/** What the upstream wants to know of a connection. */
export interface RelayOwner {
  onReconnect(message: Reconnect): void;
  /** The connection has ended, and nobody has taken leave of it before. */
  onLost(reason: CloseReason): void;
  /** The application's handler threw. */
  onBug(error: unknown): void;
}

/**
 * Stands between a connection and the application's handler: keeps Reconnect back, and lets the upstream take leave of a
 * connection at once, before its socket is closed.
 */
export class Relay implements ConnectionHandler<AnyMessage> {
  readonly connection: Connection<AnyMessage>;
  readonly #owner: RelayOwner;
  readonly #handler: ConnectionHandler<AnyMessage>;
  readonly #closed = Promise.withResolvers<void>();
  #current = true;

  constructor(connection: Connection<AnyMessage>, handler: ConnectionHandler<AnyMessage>, owner: RelayOwner) {
    this.connection = connection;
    this.#handler = handler;
    this.#owner = owner;
  }

  /** Settles when the socket is closed. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** The application hears the end now; the connection ends in its own time. */
  leave(reason: string): void {
    if (!this.#current) return;
    this.#current = false;
    this.connection.end(reason);
    this.#tellClosed({ code: reason });
  }

  onReady(): void {
    this.#handler.onReady?.();
  }

  onMessage(message: AnyMessage): void {
    if (!this.#current) return;
    if (message.type === 'Reconnect') this.#owner.onReconnect(message as Reconnect);
    else this.#handler.onMessage(message);
  }

  onForeign(foreign: ForeignFrame): void {
    if (this.#current) this.#handler.onForeign?.(foreign);
  }

  onExtensions(extensions: ReadonlySet<number>): void {
    if (this.#current) this.#handler.onExtensions?.(extensions);
  }

  onDrain(): void {
    if (this.#current) this.#handler.onDrain?.();
  }

  onClose(reason: CloseReason): void {
    this.#closed.resolve();
    if (!this.#current) return;
    this.#current = false;
    this.#tellClosed(reason);
    this.#owner.onLost(reason);
  }

  /** The upstream goes on whatever the application makes of the end. */
  #tellClosed(reason: CloseReason): void {
    try {
      this.#handler.onClose(reason);
    } catch (error) {
      this.#owner.onBug(error);
    }
  }
}
