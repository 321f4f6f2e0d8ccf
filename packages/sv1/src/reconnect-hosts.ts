/** Which hosts a pool may send us to. */
export interface ReconnectRule {
  /** The pool as it was connected to: client.reconnect may always name its host. */
  readonly host: string;
  /** More hosts that client.reconnect may name; one that begins with a dot stands for all names that end in it. */
  readonly reconnectHosts?: readonly string[];
}

/** Whether a pool may send us to `host`. Whoever can write into a V1 connection could otherwise take the hashrate. */
export function mayReconnect(host: string, { host: own, reconnectHosts = [] }: ReconnectRule): boolean {
  const name = host.toLowerCase();
  return [own, ...reconnectHosts].some((allowed) => {
    const entry = allowed.toLowerCase();
    return entry.startsWith('.') ? name.endsWith(entry) && name.length > entry.length : name === entry;
  });
}
