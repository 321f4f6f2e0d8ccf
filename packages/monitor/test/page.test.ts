import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadWeb } from '../src/index.ts';
import { ask, stage } from './stage.ts';

const TOKEN = '0123456789abcdef';
const SCRIPT = `export const text = '${'x'.repeat(500)}';\n`;
const IMAGE = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

/** A built page, and a secret beside its folder. */
function builtPage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sv2kit-page-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const page = join(folder, 'page');
  mkdirSync(join(page, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), 'hunter2');
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(join(page, 'notes.txt'), 'nothing');
  writeFileSync(join(page, 'build.map'), 'nobody asks for it');
  writeFileSync(join(page, 'assets', 'main-aB3_x-9z.js'), SCRIPT);
  writeFileSync(join(page, 'assets', 'icon-aB3_x-9z.png'), IMAGE);
  return page;
}

describe('the dashboard of a role', () => {
  test('is a page that may load nothing of elsewhere, run nothing inline, and be in no frame', async () => {
    const at = await stage(undefined, { page: builtPage() });
    const { status, headers, text } = await ask(at, '/dashboard/');
    expect([status, text]).toEqual([200, '<!doctype html><title>page</title>']);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy':
        "default-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; " +
        "form-action 'none'",
    });
    expect((await ask(at, '/dashboard/index.html')).text).toBe(text);
    expect((await ask(at, '/dashboard/', { method: 'HEAD' })).text).toBe('');
  });

  test('asks relative to its folder, so that without the slash it is sent there, behind whatever prefix', async () => {
    const at = await stage(undefined, { page: builtPage() });
    const { status, headers } = await ask(at, '/dashboard?x=1');
    expect([status, headers.location]).toEqual([308, 'dashboard/']);
  });

  test('has files that never change where their names carry a hash, and that are asked about else', async () => {
    const at = await stage(undefined, { page: builtPage() });
    const script = await ask(at, '/dashboard/assets/main-aB3_x-9z.js');
    expect([script.status, script.text]).toEqual([200, SCRIPT]);
    expect(script.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
    const notes = await ask(at, '/dashboard/notes.txt');
    expect(notes.headers['cache-control']).toBe('no-cache');
    const headers = { 'if-none-match': notes.headers.etag };
    expect(await ask(at, '/dashboard/notes.txt', { headers })).toMatchObject({ status: 304, text: '' });
  });

  test('comes compressed to who takes it so, where that is shorter', async () => {
    const at = await stage(undefined, { page: builtPage() });
    const port = at.monitor.address.port;
    const get = async (path: string, accept: string) => {
      const answer = await fetchRaw(`http://127.0.0.1:${port}${path}`, accept);
      return [answer.encoding, answer.body] as const;
    };
    const [encoding, body] = await get('/dashboard/assets/main-aB3_x-9z.js', 'br, gzip');
    expect([encoding, gunzipSync(body).toString()]).toEqual(['gzip', SCRIPT]);
    expect((await get('/dashboard/assets/main-aB3_x-9z.js', 'gzip;q=0'))[0]).toBeUndefined();
    expect((await get('/dashboard/notes.txt', 'gzip'))[0]).toBeUndefined();
    expect(await get('/dashboard/assets/icon-aB3_x-9z.png', 'gzip')).toEqual([undefined, IMAGE]);
  });

  test.each([
    '/dashboard/../secret.txt',
    '/dashboard/%2e%2e/secret.txt',
    '/dashboard/..%2fsecret.txt',
    '/dashboard/assets/..%5c..%5c..%5csecret.txt',
    '/dashboard//secret.txt',
    '/dashboard/%00',
    '/dashboard/build.map',
    '/dashboard/assets/',
    '/dashboard/assets',
  ])('has nothing at %s', async (path) => {
    const at = await stage(undefined, { page: builtPage() });
    const { status, text } = await ask(at, path);
    expect([status, text]).toEqual([404, expect.not.stringContaining('hunter2')]);
  });

  test('is told of at / while it is there', async () => {
    const paths = async (page: string | undefined) =>
      Object.keys(JSON.parse((await ask(await stage(undefined, { page }), '/')).text).paths);
    expect(await paths(builtPage())).toContain('/dashboard/');
    expect(await paths(undefined)).not.toContain('/dashboard/');
  });

  test('says in one line how to build it while it is not', async () => {
    const at = await stage();
    const { status, text } = await ask(at, '/dashboard/');
    expect([status, JSON.parse(text).message]).toEqual([
      404,
      expect.stringMatching(/^the page is not built: npm run .*$/),
    ]);
  });

  test('is for nobody who names another host (DNS rebinding), as everything else', async () => {
    const at = await stage(undefined, { page: builtPage() });
    expect((await ask(at, '/dashboard/', { headers: { host: 'evil.example' } })).status).toBe(403);
  });

  test('shows itself to all, and what it knows only with the token', async () => {
    const at = await stage(undefined, { page: builtPage(), token: TOKEN });
    const status = async (path: string, headers = {}) => (await ask(at, path, { headers })).status;
    expect(await status('/dashboard/')).toBe(200);
    expect(await status('/dashboard/assets/main-aB3_x-9z.js')).toBe(200);
    expect(await status('/dashboard/roles')).toBe(401);
    expect(await status('/dashboard/events')).toBe(401);
    expect(await status('/dashboard/nothing')).toBe(401);
    expect(await status('/dashboard/roles', { authorization: `Bearer ${TOKEN}` })).toBe(200);
  });

  test('is over the one role that serves it', async () => {
    const at = await stage();
    const { text } = await ask(at, '/dashboard/roles');
    const sinceMs = at.clock.now();
    expect(JSON.parse(text)).toEqual({ roles: [{ name: 'pool', path: '..', state: 'reachable', sinceMs }] });
  });

  test('hears what happens with the name of the role, and readers of the API without', async () => {
    const at = await stage();
    at.events.emit({ type: 'tip', hash: 'ab'.repeat(32), height: 1 });
    const first = async (path: string) => {
      const answer = await fetch(`${at.base}${path}?after=0`);
      let heard = '';
      for await (const chunk of answer.body ?? []) {
        heard += Buffer.from(chunk).toString();
        if (heard.includes('"height":2}')) break;
        if (heard.includes('"height":1}') && !emitted.has(path)) {
          emitted.add(path);
          if (emitted.size === 2) at.events.emit({ type: 'tip', hash: 'ab'.repeat(32), height: 2 });
        }
      }
      return [...heard.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? '').role);
    };
    const emitted = new Set<string>();
    const both = await Promise.all([first('/dashboard/events'), first('/api/v1/events')]);
    expect(both).toEqual([
      ['pool', 'pool'],
      [undefined, undefined],
    ]);
  });
});

test('who serves a page over several roles guards itself as a role does', async () => {
  const { createWeb, openWeb, servePage } = await loadWeb();
  const web = createWeb({
    name: 'dashboard',
    address: { host: '127.0.0.1', port: 0 },
    token: TOKEN,
    tokenKey: 'token_file',
    log: { debug() {}, error() {} },
    isStopping: () => false,
  });
  servePage(web, { at: '/', folder: builtPage(), howToBuild: 'build it' });
  web.get('/roles', () => ({ roles: [] }));
  const open = await openWeb(web, { host: '127.0.0.1', port: 0 });
  onTestFinished(() => open.close());
  const at = { base: `http://127.0.0.1:${open.address.port}` };
  expect((await ask(at, '/')).status).toBe(200);
  const refused = await ask(at, '/roles');
  expect([refused.status, JSON.parse(refused.text).message]).toEqual([401, expect.stringMatching(/ token_file$/)]);
  expect((await ask(at, '/roles', { headers: { authorization: `Bearer ${TOKEN}` } })).text).toBe('{"roles":[]}');
  expect((await ask(at, '/roles', { method: 'POST', headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(405);
});

/** As it came over the wire. */
async function fetchRaw(url: string, accept: string): Promise<{ encoding: string | undefined; body: Buffer }> {
  const { request } = await import('node:http');
  const { promise, resolve, reject } = Promise.withResolvers<{ encoding: string | undefined; body: Buffer }>();
  const asking = request(url, { agent: false, headers: { 'accept-encoding': accept } }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () => resolve({ encoding: response.headers['content-encoding'], body: Buffer.concat(chunks) }));
  });
  asking.on('error', reject).end();
  return promise;
}
