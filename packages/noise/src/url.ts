import { formatAuthorityKey, parseAuthorityKey } from './authority-key.ts';
import type { NoiseCrypto } from './crypto.ts';
import { defaultCrypto } from './default-crypto.ts';
import { NoiseError } from './errors.ts';

/** Where a server listens and who vouches for it (§4.7). */
export interface StratumUrl {
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** The authority's x-only key, 32 bytes. */
  readonly authority?: Uint8Array;
}

const EXAMPLE = 'stratum2+tcp://pool.example:3336/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh';
const SCHEME = /^stratum2\+tcp:\/\//i;
/** Host in brackets (IPv6) or not, port, key; after the scheme. */
const PATTERN = /^(?:\[([0-9a-f.]*:[0-9a-f.:]*)\]|([^\s/:[\]@?#]+)):(\d{1,5})(?:\/([^/?#]*))?$/i;

/**
 * Reads `stratum2+tcp://host:port/KEY`; IPv6 hosts stand in brackets, the key may be missing.
 *
 * @throws NoiseError 'bad-url' with an example of right, or 'bad-authority-key'
 */
export function parseUrl(text: string, crypto: NoiseCrypto = defaultCrypto): StratumUrl {
  if (!SCHEME.test(text)) throw badUrl(text, 'it does not begin with stratum2+tcp://');
  const [, ipv6, name, digits, key = ''] = PATTERN.exec(text.replace(SCHEME, '')) ?? [];
  const host = ipv6 ?? name;
  if (host === undefined) throw badUrl(text, 'what follows the scheme is not host:port or host:port/KEY');
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw badUrl(text, `port ${digits} is not in 1..65535`);
  return key === '' ? { host, port } : { host, port, authority: parseAuthorityKey(key, crypto) };
}

function badUrl(text: string, reason: string): NoiseError {
  return new NoiseError('bad-url', `cannot read '${text}': ${reason}; an example of right: ${EXAMPLE}`, {
    text,
    reason,
  });
}

/** The reverse of `parseUrl`. */
export function formatUrl(url: StratumUrl, crypto: NoiseCrypto = defaultCrypto): string {
  const host = url.host.includes(':') ? `[${url.host}]` : url.host;
  const path = url.authority === undefined ? '' : `/${formatAuthorityKey(url.authority, crypto)}`;
  return `stratum2+tcp://${host}:${url.port}${path}`;
}
