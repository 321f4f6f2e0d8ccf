import type { Place } from './endpoint.ts';
import type { Target } from './reconnect-rule.ts';
import type { Line, Relay, RelayOwner } from './relay.ts';

/** Hands a connection over that is of use. Gives nothing for one that comes too late; it has been destroyed then. */
export type Take = <R extends Relay>(line: Line, relayOf: (owner: RelayOwner) => R) => R | undefined;

export interface DialRequest<E extends Place> {
  readonly endpoint: E;
  /** Where to connect: the endpoint's own place, or where it has sent us. */
  readonly target: Target;
  /** Gives the try up. */
  readonly signal: AbortSignal;
  readonly take: Take;
}

/** Connects, and calls `take` once the server has let us in. Rejects when that comes to nothing. */
export type Dial<E extends Place> = (request: DialRequest<E>) => Promise<unknown>;
