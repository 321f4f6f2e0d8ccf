import type { CloseReason } from '@sv2kit/net';
import type { Sv1ClientEvent } from '@sv2kit/sv1';
import { type Line, Relay, type RelayOwner } from './relay.ts';
import type { V1PoolHandler } from './v1-options.ts';

/** The relay of a Stratum V1 connection. */
export class PoolRelay extends Relay {
  readonly #handler: V1PoolHandler;

  constructor(line: Line, handler: V1PoolHandler, owner: RelayOwner) {
    super(line, owner);
    this.#handler = handler;
  }

  onEvent(event: Sv1ClientEvent): void {
    if (!this.current) return;
    if (event.type !== 'reconnect') {
      this.#handler.onEvent(event);
      return;
    }
    const { host: newHost, port: newPort, waitSeconds } = event;
    // The session has held the host against the list.
    this.owner.onRedirect({ newHost, newPort, mayChangeHost: true, waitMs: waitSeconds * 1000 });
  }

  onDrain(): void {
    if (this.current) this.#handler.onDrain?.();
  }

  protected override tell(reason: CloseReason): void {
    this.#handler.onClose(reason);
  }
}
