import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { Refusal } from '../errors.ts';

/** What of a request says who asks. */
export interface Asker {
  readonly headers: IncomingHttpHeaders;
}

/**
 * Whether the token of monitoring_token_file came along. Hashes are compared, in constant time: neither the token nor its
 * length shows in how long it takes. Without a token to ask for, everybody may.
 */
export function bearerCheck(token: Token): (asker: Asker) => boolean {
  return ({ headers: { authorization = '' } }) => {
    const wanted = tokenOf(token);
    if (wanted === undefined) return true;
    const [, given] = /^Bearer +([^\s]+) *$/i.exec(authorization) ?? [];
    return timingSafeEqual(digest(given ?? ''), digest(wanted)) && given !== undefined;
  };
}

/** What readers must show, or what tells it, where it may change. */
export type Token = string | undefined | (() => string | undefined);

/** What readers must show now; undefined for nothing. */
export function tokenOf(token: Token): string | undefined {
  return typeof token === 'function' ? token() : token;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/**
 * Lets no web page read what is meant for this machine's user. A page can make a browser ask 127.0.0.1, and with a name
 * of its own that resolves to it (DNS rebinding) the browser takes the answer for the page's; so a name must be one of
 * this host's. What comes from a page of another origin is refused too, and no answer allows any origin (no CORS).
 *
 * @param ownName the host of the configured address
 * @throws Refusal `foreign-page`
 */
export function refuseForeignPages({ headers }: Asker, ownName: string): void {
  const { host, origin } = headers;
  if (host !== undefined && !isOwnHost(host, ownName)) {
    const right = `ask by IP address, as localhost or as ${ownName}`;
    throw new Refusal('foreign-page', `this is not the host ${clip(host)}: ${right}`);
  }
  if (origin !== undefined && hostOf(origin) !== host) {
    throw new Refusal('foreign-page', 'pages of another origin are not answered');
  }
  const { 'sec-fetch-site': site = 'none', 'sec-fetch-mode': mode, 'sec-fetch-dest': use } = headers;
  if (site === 'same-origin' || site === 'none') return;
  if (mode === 'navigate' && use === 'document') return;
  throw new Refusal('foreign-page', 'pages of another origin are not answered');
}

/** An IP address cannot be rebound: a page that was loaded from it is its own. */
function isOwnHost(host: string, ownName: string): boolean {
  const name = URL.parse(`http://${host}`)?.hostname.replace(/^\[|\]$/g, '');
  if (name === undefined) return false;
  return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || name === ownName.toLowerCase();
}

function hostOf(origin: string): string | undefined {
  return URL.parse(origin)?.host;
}

function clip(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
