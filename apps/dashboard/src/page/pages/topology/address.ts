/** Where somebody listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The address in a URL (`stratum2+tcp://host:port/key`), in `host:port`, or at the end of a name. */
export function addressOf(text: string | undefined): Address | undefined {
  if (text === undefined) return undefined;
  const bare = text.replace(/^[a-z0-9+.-]+:\/\//i, '').replace(/[/?#].*$/, '');
  const found = /(?:^|[\s@])(\[[0-9a-f:.]+\]|[^\s:@[\]]+):(\d{1,5})$/i.exec(bare);
  const [, host, port] = found ?? [];
  if (host === undefined || port === undefined || Number(port) > 65_535) return undefined;
  return { host: host.replaceAll(/[[\]]/g, '').toLowerCase(), port: Number(port) };
}

/** As one writes it. */
export function hostPort({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const ANY = new Set(['0.0.0.0', '::', '*', '']);
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

/** Whether what listens at one host is reached by the name of another. */
export function isHere(listens: string, asked: string): boolean {
  return ANY.has(listens) || listens === asked || (LOOPBACK.test(listens) && LOOPBACK.test(asked));
}
