import type { Reconnect } from '@sv2kit/codec';

/** Where a connection leads. */
export interface Target {
  readonly host: string;
  readonly port: number;
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
  message: Reconnect,
  present: Target,
  hasAuthority: boolean,
  isOpen = true,
): ReconnectVerdict {
  if (!isOpen) return { kind: 'ignore', why: 'others-led-nowhere' };
  const host = message.newHost === '' ? present.host : message.newHost;
  const port = message.newPort === 0 ? present.port : message.newPort;
  if (!hasAuthority && host !== present.host) return { kind: 'ignore', why: 'other-host-without-authority' };
  return { kind: 'obey', target: { host, port } };
}
