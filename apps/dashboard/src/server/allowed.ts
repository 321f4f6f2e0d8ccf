/** What of a role may be asked for through the dashboard: what a role serves to readers, and nothing else. */
const ALLOWED =
  /^(?:health(?:\/live|\/ready)?|metrics|status|api\/v1(?:\/(?:openapi\.json|[a-z][a-z0-9-]{0,39}(?:\/[^/]{1,1024}(?:\/messages)?)?))?)$/;
const STREAMS = /^api\/v1\/(?:events|connections\/[^/]+\/messages)$/;
/** Characters of a path and its question. */
const LONGEST = 4096;

/** A question to a role, as it is passed on. */
export interface AllowedPath {
  /** Below the role's address, with its question mark and what follows. */
  readonly path: string;
  /** Its answer goes on until one side ends it. */
  readonly isStream: boolean;
}

/** Undefined for what is not passed on. @param rest what follows the role in the path of the request, as it was sent */
export function allowedPath(rest: string): AllowedPath | undefined {
  if (rest.length > LONGEST) return undefined;
  const [path, query] = splitOnce(rest, '?');
  // To a URL a backslash is a slash, and what follows # is not of it.
  if (/[\\#\s]/.test(rest)) return undefined;
  // `..`, however it is written, is never a name of anything.
  const words = path.split('/').map(decoded);
  if (words.some((word) => word === undefined || /(?:^|\/)\.\.?(?:\/|$)/.test(word))) return undefined;
  if (!ALLOWED.test(path)) return undefined;
  return { path: query === undefined ? path : `${path}?${query}`, isStream: STREAMS.test(path) };
}

function splitOnce(text: string, at: string): [string, string?] {
  const index = text.indexOf(at);
  return index === -1 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

function decoded(word: string): string | undefined {
  try {
    return decodeURIComponent(word);
  } catch {
    return undefined;
  }
}
