import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { MONITOR_LIMITS } from '../src/index.ts';
import { ask, json, stage, type Stage } from './stage.ts';

const TOKEN = '0123456789abcdef';

describe('a web page', () => {
  test.each(['evil.example', 'evil.example:9080', '127.0.0.1.evil.example', 'localhost.evil.example', '[::1'])(
    'whose name %j was made to mean this machine is not answered (DNS rebinding)',
    async (host) => {
      const at = await stage();
      const { status, text } = await ask(at, '/status', { headers: { host } });
      expect(status).toBe(403);
      expect(JSON.parse(text).code).toBe('foreign-page');
    },
  );

  test.each(['127.0.0.1', 'localhost:9080', 'LOCALHOST', 'pool.localhost', '[::1]:9080', '192.168.1.5', '10.0.0.1:80'])(
    'asked for as %s, which nobody else can make mean this machine, is answered',
    async (host) => {
      expect((await ask(await stage(), '/status', { headers: { host } })).status).toBe(200);
    },
  );

  test('of another origin is not answered, by whatever header it shows', async () => {
    const at = await stage();
    const host = `127.0.0.1:${at.monitor.address.port}`;
    const from = async (headers: Record<string, string>) =>
      (await ask(at, '/api/v1/role', { headers: { host, ...headers } })).status;
    expect(await from({ origin: 'https://evil.example' })).toBe(403);
    expect(await from({ origin: 'null' })).toBe(403);
    expect(await from({ origin: `http://127.0.0.1:1` })).toBe(403);
    expect(await from({ origin: `http://${host}` })).toBe(200);
    expect(await from({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).toBe(403);
    expect(await from({ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' })).toBe(403);
    expect(
      await from({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }),
    ).toBe(403);
    expect(
      await from({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }),
    ).toBe(200);
    expect(await from({ 'sec-fetch-site': 'same-origin' })).toBe(200);
    expect(await from({ 'sec-fetch-site': 'none' })).toBe(200);
  });

  test('is never told that it may read: no CORS, no sniffing, no caching', async () => {
    const { headers } = await ask(await stage(), '/api/v1/role');
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    });
  });
});

describe('with a token', () => {
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

  test('nothing is said to who does not show it, not even what there is', async () => {
    const at = await stage(undefined, { token: TOKEN });
    for (const path of [
      '/',
      '/metrics',
      '/status',
      '/api/v1',
      '/api/v1/jobs',
      '/api/v1/events',
      '/api/v1/openapi.json',
      '/x',
    ]) {
      for (const options of [
        {},
        bearer(''),
        bearer(`${TOKEN}0`),
        bearer(TOKEN.slice(1)),
        bearer(`${TOKEN} ${TOKEN}`),
      ]) {
        const { status, headers, text } = await ask(at, path, options);
        expect([path, status, JSON.parse(text).code]).toEqual([path, 401, 'token-wanted']);
        expect(headers['www-authenticate']).toBe('Bearer realm="sv2kit"');
      }
    }
    expect((await ask(at, '/api/v1/jobs', bearer(TOKEN))).status).toBe(200);
  });

  test('the bare state is told to all, its reasons are not', async () => {
    const at = await stage(undefined, { token: TOKEN });
    const conditions = [{ name: 'node', ok: false, reason: '10.0.0.1 refused', sinceMs: 1 }];
    at.health = { state: 'degraded', serving: false, reason: 'node: 10.0.0.1 refused', conditions };
    expect(JSON.parse((await ask(at, '/health')).text)).toEqual({ state: 'degraded', serving: false });
    expect(JSON.parse((await ask(at, '/health', bearer(TOKEN))).text)).toEqual(at.health);
    expect((await ask(at, '/health/live')).status).toBe(200);
  });

  test('any name of the host will do, for a page that has the token may have the answer', async () => {
    const at = await stage(undefined, { token: TOKEN });
    const headers = { host: 'pool.example', authorization: `Bearer ${TOKEN}` };
    expect((await ask(at, '/api/v1/role', { headers })).status).toBe(200);
  });

  test('the document says so', async () => {
    const at = await stage(undefined, { token: TOKEN });
    const document = JSON.parse((await ask(at, '/api/v1/openapi.json', bearer(TOKEN))).text);
    expect(document.security).toEqual([{ token: [] }]);
    expect(document.components.securitySchemes.token).toEqual({ type: 'http', scheme: 'bearer' });
    expect((await json(await stage(), '/api/v1/openapi.json'))['security']).toBeUndefined();
  });
});

/** Says it over a socket of its own; resolves to all that is answered. */
function say(at: Stage, ...texts: readonly string[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(at.monitor.address.port, '127.0.0.1');
  let heard = '';
  socket.setEncoding('latin1').on('data', (text: string) => (heard += text));
  socket.on('error', () => {}).on('close', () => resolve(heard));
  for (const text of texts) socket.write(text);
  return promise;
}

describe('what no client would say', () => {
  test('is answered in short, and the connection ends', async () => {
    const at = await stage();
    expect(await say(at, 'hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [^]*"code":"invalid-request"/);
    expect(await say(at, 'GET / HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /); // no Host
    const long = `GET /${'x'.repeat(MONITOR_LIMITS.headerBytes)} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    expect(await say(at, long)).toMatch(/^HTTP\/1\.1 431 [^]*"code":"headers-too-large"/);
    const many = `GET / HTTP/1.1\r\nHost: localhost\r\n${'a: b\r\n'.repeat(2000)}\r\n`;
    expect(await say(at, many)).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('does not keep a body from being left unread', async () => {
    const at = await stage();
    const answer = await say(
      at,
      'POST /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\nConnection: close\r\n\r\n',
      'x'.repeat(1000),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
  });

  test('is not logged as a mistake of ours', async () => {
    const at = await stage();
    await say(at, 'GET /%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await say(at, 'GET /api/v1/workers/%ff%fe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(at.errors).toEqual([]);
  });
});

test('connections beyond the limit are closed, and the others are served', async () => {
  const at = await stage();
  const { connections } = MONITOR_LIMITS;
  const sockets = Array.from({ length: connections }, () => connect(at.monitor.address.port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  await expect(ask(at, '/health/live')).rejects.toThrow();
  sockets[0]?.destroy();
  await expect
    .poll(() =>
      ask(at, '/health/live').then(
        ({ status }) => status,
        () => 0,
      ),
    )
    .toBe(200);
  for (const socket of sockets) socket.destroy();
});

test('who asks for thousands of things at once is given a few of them', async () => {
  let asked = 0;
  const at = await stage({ jobs: () => ({ total: ++asked, items: [] }) });
  const { requestsPerConnection } = MONITOR_LIMITS;
  const all = 'GET /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(500);
  const heard = await say(at, all, 'GET / HTTP/1.0\r\n\r\n');
  expect(asked).toBe(requestsPerConnection);
  expect(heard.match(/HTTP\/1\.1 200 /g)).toHaveLength(requestsPerConnection + 1); // and the last, which HTTP/1.0 sends alone
  expect(heard).toContain('HTTP/1.1 503 ');
});

test('a stop ends every connection at once, idle and busy ones', async () => {
  const at = await stage({ ledger: () => new Promise(() => {}) });
  const idle = say(at, 'GET /health HTTP/1.1\r\nHost: localhost\r\n');
  const busy = ask(at, '/api/v1/ledger').catch((error: NodeJS.ErrnoException) => error.code);
  const events = say(at, 'GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await expect.poll(() => at.clock.pending).toBe(2);
  await at.monitor.close();
  expect(await idle).toBe('');
  expect(await busy).toBe('ECONNRESET');
  expect(await events).toContain('text/event-stream');
  await expect(ask(at, '/health')).rejects.toThrow('ECONNREFUSED');
});
