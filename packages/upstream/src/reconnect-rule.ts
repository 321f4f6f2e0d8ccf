/** Where a connection leads. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** A server asks us to connect elsewhere. */
export interface RedirectRequest {
  /** Empty: the present one. */
  readonly newHost: string;
  /** 0: the present one. */
  readonly newPort: number;
  /** Whether something keeps strangers off there: the same authority, or a list of hosts that the operator has made. */
  readonly mayChangeHost: boolean;
  /** How long the server wants us to wait before, in milliseconds. */
  readonly waitMs: number;
}

export type ReconnectVerdict =
  | { readonly kind: 'obey'; readonly target: Target }
  | { readonly kind: 'ignore'; readonly why: 'other-host-without-authority' | 'others-led-nowhere' };

/**
 * Where a Reconnect message may lead (§3.6.5): an empty host or port means the present one. The new server must show a
 * certificate of the same authority; without one, or without a handshake that shows it, nothing would hold a stranger
 * off, so that only the present host is allowed. `isOpen`: whether another Reconnect may be obeyed already.
 */
export function judgeReconnect(
  { newHost, newPort, mayChangeHost }: RedirectRequest,
  present: Target,
  isOpen: boolean,
): ReconnectVerdict {
  if (!isOpen) return { kind: 'ignore', why: 'others-led-nowhere' };
  const host = newHost === '' ? present.host : newHost;
  const port = newPort === 0 ? present.port : newPort;
  if (!mayChangeHost && host !== present.host) return { kind: 'ignore', why: 'other-host-without-authority' };
  return { kind: 'obey', target: { host, port } };
}
