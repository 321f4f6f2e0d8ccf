import type { CloseReason } from '@sv2kit/net';
import type { RedirectRequest } from './reconnect-rule.ts';

/** A connection as far as the upstream deals with it. */
export interface Line {
  end(reason: string): void;
  destroy(reason: string): void;
}

/** What the upstream wants to know of a connection. */
export interface RelayOwner {
  /** The server asks us to connect elsewhere. */
  onRedirect(request: RedirectRequest): void;
  /** The connection has ended, and nobody has taken leave of it before. */
  onLost(reason: CloseReason): void;
  /** The application's handler threw. */
  onBug(error: unknown): void;
}

/**
 * Stands between a connection and the application's handler: keeps redirections back, and lets the upstream take leave of
 * a connection at once, before its socket is closed.
 */
export abstract class Relay {
  protected readonly owner: RelayOwner;
  readonly #line: Line;
  readonly #closed = Promise.withResolvers<void>();
  #current = true;

  constructor(line: Line, owner: RelayOwner) {
    this.#line = line;
    this.owner = owner;
  }

  /** The application hears the end. */
  protected abstract tell(reason: CloseReason): void;

  /** Whether what comes still concerns the application. */
  protected get current(): boolean {
    return this.#current;
  }

  /** Settles when the socket is closed. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** The application hears the end now; the connection ends in its own time. */
  leave(reason: string): void {
    if (!this.#current) return;
    this.#current = false;
    this.#line.end(reason);
    this.#tell({ code: reason });
  }

  onClose(reason: CloseReason): void {
    this.#closed.resolve();
    if (!this.#current) return;
    this.#current = false;
    this.#tell(reason);
    this.owner.onLost(reason);
  }

  /** The upstream goes on whatever the application makes of the end. */
  #tell(reason: CloseReason): void {
    try {
      this.tell(reason);
    } catch (error) {
      this.owner.onBug(error);
    }
  }
}
