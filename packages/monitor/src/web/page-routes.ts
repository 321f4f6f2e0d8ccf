import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../errors.ts';
import { type PageFile, readPage } from './page-files.ts';
import type { Web } from './web.ts';

/** What a page may do: nothing of elsewhere, nothing inline, in nobody's frame. */
const POLICY =
  "default-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const INDEX = 'index.html';
const FOREVER = 'public, max-age=31536000, immutable';

export interface PageOptions {
  /** Where the page is, with a slash at both ends: `/`, `/dashboard/`. */
  readonly at: string;
  /** The folder of the built page; undefined while it is not built. */
  readonly folder: string | undefined;
  /** What to do about a page that is not built. */
  readonly howToBuild: string;
}

/**
 * Serves a built page to everybody, for nothing in it is secret: what it shows it asks for, with the token where one is
 * wanted. `index.html` is asked for anew each time, files whose names carry a hash never again.
 *
 * @throws Error of the system when the folder cannot be read
 */
export function servePage(web: Web, { at, folder, howToBuild }: PageOptions): void {
  const options = { schema: { hide: true }, config: { isOpen: true } };
  const files = folder === undefined ? new Map<string, PageFile>() : readPage(folder);
  web.get(at, options, (request, reply) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    // What the page asks for is relative to its folder.
    if (!pathname.endsWith('/')) return reply.redirect(`${at.split('/').at(-2)}/`, 308);
    const index = files.get(INDEX);
    if (index === undefined) throw new Refusal('not-here', `the page is not built: ${howToBuild}`);
    return send(index, request, reply);
  });
  for (const [name, file] of files) web.get(`${at}${name}`, options, (request, reply) => send(file, request, reply));
}

function send(file: PageFile, { headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const isIndex = file.type.startsWith('text/html');
  reply.headers({
    'content-type': file.type,
    'content-security-policy': POLICY,
    'referrer-policy': 'no-referrer',
    'cache-control': isIndex ? 'no-store' : file.isHashed ? FOREVER : 'no-cache',
    vary: 'accept-encoding',
    etag: file.etag,
  });
  if (headers['if-none-match'] === file.etag) return reply.code(304).send();
  const takesGzip = /\bgzip\b(?! *; *q=0(?:\.0*)?(?:,|$))/.test(headers['accept-encoding'] ?? '');
  if (file.gzip === undefined || !takesGzip) return reply.send(file.body);
  return reply.header('content-encoding', 'gzip').send(file.gzip);
}
