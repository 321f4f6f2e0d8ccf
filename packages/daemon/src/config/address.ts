/** Where to listen or whom to call. `host` is a name, an IPv4 or an IPv6 address (without brackets). */
export interface Address {
  readonly host: string;
  /** 0-65535; 0 lets the system choose a free port. */
  readonly port: number;
}

/** Reads `host:port` (`[::1]:3336` for IPv6); returns a sentence's end saying what was wrong otherwise. */
export function parseAddress(text: string): Address | string {
  const match = /^(?:\[(?<six>[0-9a-fA-F:.%]+)\]|(?<host>[^:[\]/\s]+)):(?<port>\d{1,5})$/.exec(text);
  if (match === null) return explain(text);
  const port = Number(match.groups?.['port']);
  if (port > 65_535) return `has the port ${port}, which is above 65535`;
  return { host: match.groups?.['six'] ?? match.groups?.['host'] ?? '', port };
}

function explain(text: string): string {
  if (text.includes('://')) return 'is a URL where host:port is wanted';
  if ((text.match(/:/g)?.length ?? 0) > 1 && !text.startsWith('[')) {
    return 'looks like IPv6, which is written in brackets: [::1]:port';
  }
  if (!/:\d*$/.test(text)) return 'has no port';
  return 'is not host:port';
}

/** `host:port`, with brackets around an IPv6 host. */
export function formatAddress(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Whether only this machine can reach the address. */
export function isLoopback(address: Address): boolean {
  return address.host === 'localhost' || address.host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(address.host);
}
