/** Where the page is: `#/workers/NAME?role=pool`. */
export interface Route {
  /** The first segment; empty for the overview. */
  readonly page: string;
  /** The other segments, decoded. */
  readonly rest: readonly string[];
  readonly query: URLSearchParams;
}

/** Never throws: what is no route is read as far as it is one. */
export function parseRoute(hash: string): Route {
  const [path, query] = split(hash.replace(/^#?\/?/, ''));
  const [page = '', ...rest] = path.split('/').map(decoded);
  return { page, rest: rest.filter((segment) => segment !== ''), query: new URLSearchParams(query) };
}

function split(text: string): [string, string] {
  const at = text.indexOf('?');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** A link to a place of this page: `hrefOf(['workers', name], { role: 'pool' })`. */
export function hrefOf(segments: readonly string[], query: Readonly<Record<string, string | undefined>> = {}): string {
  const wanted = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const asked = new URLSearchParams(wanted).toString();
  return `#/${segments.map(encodeURIComponent).join('/')}${asked === '' ? '' : `?${asked}`}`;
}
