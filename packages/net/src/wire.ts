import type { CloseReason } from './close-reasons.ts';
import type { ConnectionTap } from './ports.ts';
import type { Remote } from './remote.ts';

/** A connection that carries any protocol over bytes, as the application sees it. */
export interface WireConnection {
  /** Unique among the connections of this process. */
  readonly id: number;
  /** The real other end, also behind a PROXY header. */
  readonly remote: Remote;
  /** Whether the bytes travel inside TLS. */
  readonly encrypted: boolean;
  /** The peer does not keep up: put off what can wait until `onDrain`. Nothing is read from it meanwhile. */
  readonly congested: boolean;
  /** Bytes that were written and that the peer's side has not taken. */
  readonly queuedBytes: number;
  /** Drains and writes at the end of this turn of the event loop; happens by itself after `receive` and `onDrain`. */
  flushSoon(): void;
  /** Drains and writes now. */
  flush(): void;
  /** The peer is known: it no longer counts as a handshake, `limits.setupMs` no longer applies, `firstUseMs` begins. */
  markReady(): void;
  /** The peer has been put to use: `limits.firstUseMs` no longer applies. */
  markInUse(): void;
  /** Writes what is queued, then ends the connection. `reason` is a constant code for log and counters. */
  end(reason: string): void;
  /** Ends the connection at once. */
  destroy(reason: string): void;
}

/** The messages of a wire, for those who watch it. */
export interface WatchableWire {
  readonly protocol: 'v1';
  /** What the peer says that it is; empty when it does not. */
  readonly device?: string;
  /** Tells the listener of all messages from now on; nobody any more when there is none. */
  tap(listener: ConnectionTap | undefined): void;
}

/**
 * What an application does with the bytes of a connection. Calls never overlap. A ProtocolError that is thrown ends the
 * connection once what `drain` gives has been written; anything else that is thrown is a mistake of ours and ends it too.
 */
export interface Wire {
  /** How its messages can be watched, if they can. */
  readonly watchable?: WatchableWire;
  /** Bytes as they came, cut anywhere; a view that is the application's for the call only. */
  receive(chunk: Uint8Array): void;
  /** What has to be written; it must not be changed afterwards. */
  drain(): Uint8Array | undefined;
  /** The peer keeps up again. */
  onDrain?(): void;
  /** Once, after everything else. */
  onClose(reason: CloseReason): void;
}
