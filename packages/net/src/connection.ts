import type { SetupConnection } from '@sv2kit/codec';
import type { ForeignFrame } from '@sv2kit/session';
import type { CloseReason } from './close-reasons.ts';

/**
 * When a message leaves at the latest: `turn`, when the callback that led to it has run; `batch`, when every socket that
 * had bytes by then has been read. Thousands of peers whose messages go on to one server need a few writes then, not
 * thousands.
 */
export type Urgency = 'turn' | 'batch';

/** One peer, as the application sees it. `Out` is what this side may send. */
export interface Connection<Out> {
  /** Unique among the connections of this process. */
  readonly id: number;
  readonly remote: { readonly address: string; readonly port: number };
  /** At a server what the client sent; at a client what we sent. §3.6.1. */
  readonly setup: SetupConnection;
  readonly usedVersion: number;
  /** SetupConnection.Success.flags. */
  readonly flags: number;
  /** Extensions in force. */
  readonly extensions: ReadonlySet<number>;
  /** At a client: the server has left RequestExtensions without an answer, as one that knows nothing of it may. */
  readonly extensionsUnanswered?: boolean;
  /** The peer does not keep up: put off what can wait until `onDrain`. Nothing is read from it meanwhile. */
  readonly congested: boolean;
  /** Bytes that wait for the peer. */
  readonly queuedBytes: number;
  /**
   * Queues a message. What is queued while a chunk is handled leaves in one write after it; otherwise at the end of this
   * turn of the event loop, or with `flush`. Nothing happens when the connection has ended.
   *
   * @param urgency `turn` when absent
   */
  send(message: Out, urgency?: Urgency): void;
  /** Queues an encoded frame; the bytes may be changed afterwards. */
  sendFrame(frame: Uint8Array): void;
  /** Writes what is queued. */
  flush(): void;
  /** The peer has opened something: `limits.firstUseMs` no longer applies. */
  markInUse(): void;
  /** Writes what is queued, then ends the connection. `reason` is a constant code for log and counters. */
  end(reason: string): void;
  /** Ends the connection at once. */
  destroy(reason: string): void;
}

/** What an application does with a connection. Calls never overlap; what throws ends this connection only. */
export interface ConnectionHandler<In> {
  /** A server: Success is queued, and from here on there is something to say. */
  onReady?(): void;
  /** Byte fields are views onto received bytes: copy what must outlive the call. */
  onMessage(message: In): void;
  /** A message of an unknown extension for a channel: proxies forward it (§3.4.1). */
  onForeign?(foreign: ForeignFrame): void;
  /** Extensions were negotiated after `onReady`, or anew. */
  onExtensions?(extensions: ReadonlySet<number>): void;
  /** The peer keeps up again. */
  onDrain?(): void;
  /** Once, after everything else. */
  onClose(reason: CloseReason): void;
}
