import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { gzipSync } from 'node:zlib';

/** One file of a built page, as it is answered. */
export interface PageFile {
  readonly body: Buffer;
  /** Where that is shorter. */
  readonly gzip: Buffer | undefined;
  readonly type: string;
  /** Names the content. */
  readonly etag: string;
  /** Its name names its content: it never changes. */
  readonly isHashed: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};
/** Images and fonts of such a kind are compressed already. */
const DENSE: ReadonlySet<string> = new Set(['.png', '.woff2']);
/** As Vite names what it builds: assets/name-0123abCD.js */
const HASHED = /^assets\/[^/]*-[\w-]{8}\.\w+$/;

/**
 * The files of a built page by their paths below its folder, read once: no path of a request ever reaches the disk, and a
 * page that is built anew while it is served stays whole. Files of a kind that no page asks for are left out.
 *
 * @throws Error of the system when the folder cannot be read
 */
export function readPage(folder: string): ReadonlyMap<string, PageFile> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).filter((path) => extname(path) in TYPES);
  return new Map(
    paths
      .map((path) => [path.slice(join(folder, sep).length).replaceAll(sep, '/'), path])
      .map(([name = '', path = '']) => [name, readOne(name, path)]),
  );
}

function readOne(name: string, path: string): PageFile {
  const body = readFileSync(path);
  const kind = extname(name);
  const gzip = DENSE.has(kind) ? undefined : gzipSync(body, { level: 9 });
  return {
    body,
    gzip: gzip !== undefined && gzip.length < body.length ? gzip : undefined,
    type: TYPES[kind] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    isHashed: HASHED.test(name),
  };
}
