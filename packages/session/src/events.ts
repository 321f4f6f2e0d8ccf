import type { SetupConnection } from '@sv2kit/codec';

/** A message of an extension that this side does not know, addressed to a channel (§3.4.1): proxies forward it. */
export interface ForeignFrame {
  readonly extensionType: number;
  readonly messageType: number;
  readonly channelId: number;
  /** Header and payload, unsealed, for `sendFrame`; a proxy patches the channel id and nothing else. */
  readonly frame: Uint8Array;
}

/** The heavy step is due: the host computes it, off the event loop if it likes, and calls `completeHandshake`. */
export interface HandshakeDue {
  readonly type: 'handshake';
  /** Act 1 (64 bytes) at a server, act 2 (234 bytes) at a client. */
  readonly act: Uint8Array;
}

/** A message, typed by protocol and side. Byte fields are views: copy what must outlive the event. */
export interface Arrived<In> {
  readonly type: 'message';
  readonly message: In;
}

export interface ForeignArrived {
  readonly type: 'foreign';
  readonly foreign: ForeignFrame;
}

/** Extensions were negotiated after `ready`, or anew. */
export interface ExtensionsChanged {
  readonly type: 'extensions';
  readonly extensions: ReadonlySet<number>;
}

/** A client has asked for extensions: the host counts the time from here and may call `extensionsTimedOut`. */
export interface ExtensionsAsked {
  readonly type: 'asking';
}

/** The connection is usable. */
export interface Ready {
  readonly type: 'ready';
  readonly usedVersion: number;
  /** SetupConnection.Success.flags: the server's own namespace (§5.3.1). */
  readonly flags: number;
  readonly extensions: ReadonlySet<number>;
}

/** A client asks to be served, and protocol, version and flags are fine: the host calls `accept` or `refuse`. */
export interface SetupDue {
  readonly type: 'setup';
  readonly setup: SetupConnection;
}

export type ServerEvent<In> = HandshakeDue | SetupDue | Ready | Arrived<In> | ForeignArrived | ExtensionsChanged;
export type ClientEvent<In> = HandshakeDue | ExtensionsAsked | Ready | Arrived<In> | ForeignArrived | ExtensionsChanged;
export type SessionEvent<In> = ServerEvent<In> | ClientEvent<In>;
