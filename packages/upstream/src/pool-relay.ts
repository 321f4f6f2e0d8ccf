import type { CloseReason } from '@sv2kit/net';
import type { Sv1ClientEvent } from '@sv2kit/sv1';
import { Relay, type RelayOwner } from './relay.ts';
import type { V1Pool, V1PoolHandler } from './v1-options.ts';
import type { Line } from './relay.ts';

/** Longest wait that client.reconnect may ask for, in milliseconds. */
const MAX_WAIT_MS = 60_000;

/** The relay of a Stratum V1 connection. */
export class PoolRelay extends Relay {
  readonly #handler: V1PoolHandler;

  constructor(line: Line & V1Pool, handler: V1PoolHandler, owner: RelayOwner) {
    super(line, owner);
    this.#handler = handler;
  }

  onEvent(event: Sv1ClientEvent): void {
    if (!this.current) return;
    if (event.type !== 'reconnect') {
      this.#handler.onEvent(event);
      return;
    }
    const waitMs = Math.min(event.waitSeconds * 1000, MAX_WAIT_MS);
    // The session has held the host against the list.
    this.owner.onRedirect({ newHost: event.host, newPort: event.port, mayChangeHost: true, waitMs });
  }

  onDrain(): void {
    if (this.current) this.#handler.onDrain?.();
  }

  protected override tell(reason: CloseReason): void {
    this.#handler.onClose(reason);
  }
}
