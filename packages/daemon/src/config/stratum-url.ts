import { NoiseError, parseUrl, type StratumUrl } from '@sv2kit/noise';
import { type Value, WrongValue } from './field.ts';
import { text } from './values.ts';

/** A Stratum V1 server. */
export interface Stratum1Url {
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Whether it speaks TLS. */
  readonly tls: boolean;
}

/** A server of either version; what follows `version` is as the version has it. */
export type AnyStratumUrl = ({ readonly version: 1 } & Stratum1Url) | ({ readonly version: 2 } & StratumUrl);

/** Whether each V1 scheme means TLS; the field writes both of the last two. */
const SCHEMES: ReadonlyMap<string | undefined, boolean> = new Map([
  ['stratum+tcp', false],
  ['stratum+ssl', true],
  ['stratum+tls', true],
]);
const V1_SCHEMES = 'stratum+tcp://, or stratum+ssl:// for TLS';
const DEFAULT_PORT = 3333;
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
/** Host in brackets (IPv6) or not, port; after the scheme. */
const PLACE = /^(?:\[([0-9a-f.]*:[0-9a-f.:]*)\]|([^\s/:[\]@?#]+))(?::(\d{1,5}))?\/?$/i;

/**
 * `stratum+tcp://host:port` of a Stratum V1 pool, or `stratum+ssl://` (also written `stratum+tls://`) for TLS; the port is
 * 3333 when left out. User and password are values of their own.
 */
export function stratum1Url(sample: string, help: string): Value<Stratum1Url> {
  return { ...text(sample, help), type: 'stratum+tcp URL', read: (raw) => parse1(asText(raw)) };
}

/** A Stratum V2 URL (§4.7) or a Stratum V1 URL; the scheme tells. */
export function anyStratumUrl(sample: string, help: string): Value<AnyStratumUrl> {
  return { ...text(sample, help), type: 'stratum2+tcp or stratum+tcp URL', read: (raw) => parseAny(asText(raw)) };
}

/** `stratum2+tcp://host:port/KEY` (§4.7), read into host, port and authority. */
export function stratumUrl(sample: string, help: string): Value<StratumUrl> {
  return { ...text(sample, help), type: 'stratum2+tcp URL', read: (raw) => parse2(asText(raw)) };
}

function parse2(given: string): StratumUrl {
  if (SCHEMES.has(schemeOf(given))) {
    throw new WrongValue("is a Stratum V1 URL; a Stratum V2 server's begins with stratum2+tcp://");
  }
  try {
    return parseUrl(given);
  } catch (error) {
    if (error instanceof NoiseError) throw new WrongValue(`cannot be used: ${error.message}`);
    throw error;
  }
}

function parseAny(given: string): AnyStratumUrl {
  const scheme = schemeOf(given);
  if (scheme === 'stratum2+tcp') return { version: 2, ...parse2(given) };
  if (SCHEMES.has(scheme)) return { version: 1, ...parse1(given) };
  throw new WrongValue(`begins neither with stratum2+tcp:// (Stratum V2) nor with ${V1_SCHEMES}`);
}

function parse1(given: string): Stratum1Url {
  const scheme = schemeOf(given);
  if (scheme === 'stratum2+tcp') {
    throw new WrongValue(`is a Stratum V2 URL; a Stratum V1 pool's begins with ${V1_SCHEMES}`);
  }
  const tls = SCHEMES.get(scheme);
  if (tls === undefined) throw new WrongValue(`does not begin with ${V1_SCHEMES}`);
  const place = given.replace(SCHEME, '');
  if (place.includes('@')) throw new WrongValue('holds a user, which has a key of its own: leave only host:port');
  const [, ipv6, name, digits] = PLACE.exec(place) ?? [];
  const host = ipv6 ?? name;
  if (host === undefined) throw new WrongValue(`is not ${scheme}://host:port (IPv6 in brackets)`);
  const port = Number(digits ?? DEFAULT_PORT);
  if (port < 1 || port > 65_535) throw new WrongValue(`has the port ${digits}, which is not in 1..65535`);
  return { host, port, tls };
}

function schemeOf(given: string): string | undefined {
  return SCHEME.exec(given)?.[1]?.toLowerCase();
}

function asText(raw: unknown): string {
  if (typeof raw !== 'string') throw new WrongValue('is not text in quotes');
  return raw;
}
