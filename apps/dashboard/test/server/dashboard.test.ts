import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { aboutItself, eventsOf, openRole, openStage, openStranger, rolesToml, type Stage } from './stage.ts';

const entry = async (stage: Stage, name: string): Promise<Record<string, unknown> | undefined> => {
  const { roles } = (await stage.json('/roles')) as { roles: Record<string, unknown>[] };
  return roles.find((role) => role['name'] === name);
};
/** Until a role is in a state. */
const reach = (stage: Stage, name: string, state: string) =>
  expect.poll(() => entry(stage, name), { interval: 50, timeout: 10_000 }).toMatchObject({ state });

function secretFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sv2kit-dashboard-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'token');
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

test('passes questions on to the role that is meant, with what they ask for', async () => {
  await using pool = await openRole('pool');
  await using device = await openRole('mining-device');
  await using stage = await openStage(rolesToml({ pool: pool.url, device: device.url }));
  await reach(stage, 'pool', 'reachable');
  await reach(stage, 'device', 'reachable');
  expect(await stage.json('/roles/pool/api/v1/jobs?offset=1&limit=1')).toMatchObject({
    total: 3,
    items: [{ id: '2' }],
  });
  expect(await stage.json('/roles/device/status')).toEqual({ name: 'mining-device' });
  expect(await (await stage.get('/roles/pool/metrics')).text()).toBe('up 1\n');
  expect((await stage.get('/roles/pool/health')).status).toBe(200);
  const wrong = await stage.get('/roles/pool/api/v1/jobs?colour=red');
  expect([wrong.status, await wrong.json()]).toEqual([400, expect.objectContaining({ code: 'invalid-query' })]);
});

test('says of a role that is away that it is, where and since when, and finds it again', async () => {
  const gone = await openRole('pool');
  await using stage = await openStage(rolesToml({ pool: gone.url }));
  await reach(stage, 'pool', 'reachable');
  await gone[Symbol.asyncDispose]();
  await reach(stage, 'pool', 'unreachable');
  expect(await entry(stage, 'pool')).toEqual({
    name: 'pool',
    path: 'roles/pool',
    state: 'unreachable',
    reason: 'connection refused: nothing listens there',
    sinceMs: expect.any(Number),
  });
  const answer = await stage.get('/roles/pool/api/v1/jobs');
  expect([answer.status, await answer.json()]).toEqual([
    502,
    {
      code: 'role-unreachable',
      message: expect.stringMatching(
        new RegExp(`^pool at ${gone.url} does not answer: connection refused.*, since 20`),
      ),
    },
  ]);
  expect(stage.health.report()).toMatchObject({ state: 'degraded', serving: true });
  await using _again = await openRole('pool', { port: gone.port });
  await reach(stage, 'pool', 'reachable');
  expect(stage.health.report()).toMatchObject({ state: 'ok' });
}, 30_000);

test('a role that hangs keeps no other waiting', async () => {
  await using hanging = await openStranger((request, response) => void aboutItself(request, response));
  await using device = await openRole('mining-device');
  await using stage = await openStage(rolesToml({ pool: hanging.url, device: device.url }));
  await reach(stage, 'pool', 'reachable');
  await reach(stage, 'device', 'reachable');
  const gone = new AbortController();
  const waiting = Array.from({ length: 30 }, () => stage.get('/roles/pool/api/v1/jobs', { signal: gone.signal }));
  const answers = Promise.allSettled(waiting);
  expect(await stage.json('/roles/device/status')).toEqual({ name: 'mining-device' });
  // Those beyond the limit hear of it at once; the others wait for the role.
  const refused = await Promise.any(waiting);
  expect([refused.status, await refused.json()]).toEqual([503, expect.objectContaining({ code: 'unavailable' })]);
  await expect.poll(() => hanging.asked.filter((path) => path === '/api/v1/jobs').length).toBe(24);
  gone.abort();
  await answers;
  // Nothing is left under way of readers that have gone.
  await expect
    .poll(
      async () =>
        (await stage.get('/roles/pool/api/v1/jobs', { signal: AbortSignal.timeout(50) }).catch(() => ({ status: 0 })))
          .status,
    )
    .toBe(0);
});

test('tells what all roles tell in one stream, each with its role, and how the roles are', async () => {
  await using pool = await openRole('pool');
  await using device = await openRole('mining-device');
  pool.events.emit({ type: 'tip', hash: '00'.repeat(32), height: 1 });
  await using stage = await openStage(rolesToml({ pool: pool.url, device: device.url }));
  const events = eventsOf(await stage.get('/events?after=0'));
  const told: unknown[] = [];
  const until = async (wish: (event: string, data: Record<string, unknown>) => boolean) => {
    for (;;) {
      const { done, value } = await events.next();
      if (done === true) throw new Error(`the stream ended after ${JSON.stringify(told)}`);
      told.push(value);
      if (wish(value.event, value.data)) return value;
    }
  };
  expect(await until((event) => event === 'tip')).toMatchObject({ data: { role: 'pool', type: 'tip', height: 1 } });
  await reach(stage, 'device', 'reachable');
  device.events.emit({ type: 'tip', hash: '11'.repeat(32), height: 2 });
  const second = await until((event, data) => event === 'tip' && data['height'] === 2);
  expect(second.data).toMatchObject({ role: 'device' });
  await events.return(undefined);
  // Who comes back hears what came meanwhile, and nothing twice.
  device.events.emit({ type: 'tip', hash: '22'.repeat(32), height: 3 });
  await expect.poll(async () => (await stage.metrics.snapshot())['sv2_dashboard_events_total{role="device"}']).toBe(2);
  const again = eventsOf(await stage.get('/events', { headers: { 'last-event-id': second.id ?? '' } }));
  for await (const { event, data } of again) {
    if (event === 'role-state') continue;
    expect(data).toMatchObject({ role: 'device', height: 3 });
    break;
  }
  const stranger = eventsOf(await stage.get('/events?after=zzz-7'));
  for await (const { event, data } of stranger) {
    if (event === 'role-state') continue;
    expect({ event, data }).toEqual({ event: 'missed', data: { missed: null } });
    break;
  }
});

test('tells readers of the stream when a role goes away', async () => {
  const pool = await openRole('pool');
  await using stage = await openStage(rolesToml({ pool: pool.url }));
  await reach(stage, 'pool', 'reachable');
  const events = eventsOf(await stage.get('/events'));
  expect((await events.next()).value).toMatchObject({
    event: 'role-state',
    data: { name: 'pool', state: 'reachable' },
  });
  await pool[Symbol.asyncDispose]();
  expect((await events.next()).value).toMatchObject({
    event: 'role-state',
    data: { name: 'pool', state: 'unreachable' },
  });
  await events.return(undefined);
});

test.each([
  '/roles/pool/',
  '/roles/pool/dashboard/',
  '/roles/pool/../secret',
  '/roles/pool/api/v1/%2e%2e/%2e%2e/secret',
  '/roles/pool/api/v1/workers/..%2f..',
  '/roles/pool/api/v2/jobs',
  '/roles/pool/api/v1/a/b/c',
  '/roles/pool/health/x',
])('asks no role for %s', async (path) => {
  await using pool = await openStranger((request, response) => {
    if (!aboutItself(request, response)) response.end('secret');
  });
  await using stage = await openStage(rolesToml({ pool: pool.url }));
  await reach(stage, 'pool', 'reachable');
  // fetch would tidy the path up.
  const { status, code } = await raw(stage.dashboard.address.port, path);
  expect([status, code]).toEqual([404, 'not-found']);
  expect(pool.asked.filter((asked) => !/^\/api\/v1\/(role|events)/.test(asked))).toEqual([]);
});

async function raw(port: number, path: string): Promise<{ status: number; code: unknown }> {
  const { request } = await import('node:http');
  const answer = Promise.withResolvers<{ status: number; code: unknown }>();
  request({ host: '127.0.0.1', port, path }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => void (text += chunk));
    response.on('end', () => answer.resolve({ status: response.statusCode ?? 0, code: JSON.parse(text).code }));
  }).end();
  return await answer.promise;
}

test.each([
  ['a page of its own', 200, { 'content-type': 'text/html' }],
  ['another place', 302, { location: 'http://127.0.0.1:1/', 'content-type': 'application/json' }],
])('passes on no answer that no role gives: %s', async (_, status, headers) => {
  await using pool = await openStranger((request, response) => {
    if (!aboutItself(request, response)) response.writeHead(status, headers).end('<script>1</script>');
  });
  await using stage = await openStage(rolesToml({ pool: pool.url }));
  await reach(stage, 'pool', 'reachable');
  const answer = await stage.get('/roles/pool/status');
  expect([answer.status, await answer.json()]).toEqual([502, expect.objectContaining({ code: 'role-unreachable' })]);
});

test('passes on no cookie, and nothing of the browser but what it asks for', async () => {
  let seen: unknown;
  await using pool = await openStranger((request, response) => {
    if (aboutItself(request, response)) return;
    seen = { cookie: request.headers.cookie, authorization: request.headers.authorization };
    response.writeHead(200, {
      'content-type': 'application/json',
      'set-cookie': 'a=b',
      'access-control-allow-origin': '*',
    });
    response.end('{}');
  });
  await using stage = await openStage(rolesToml({ pool: pool.url }));
  await reach(stage, 'pool', 'reachable');
  const { headers } = await stage.get('/roles/pool/status', {
    headers: { cookie: 'c=d', authorization: 'Bearer own' },
  });
  expect([headers.get('set-cookie'), headers.get('access-control-allow-origin')]).toEqual([null, null]);
  expect(seen).toEqual({ cookie: undefined, authorization: undefined });
});

test('shows roles their tokens and tells browsers none; its own token opens it', async () => {
  const [own, theirs] = ['o'.repeat(32), 't'.repeat(32)];
  await using pool = await openRole('pool', { token: theirs });
  await using shut = await openRole('jd-server', { token: 'u'.repeat(32) });
  const toml = `token_file = "${secretFile(own)}"
${rolesToml({ pool: pool.url }, `token_file = "${secretFile(theirs)}"`)}${rolesToml({ shut: shut.url })}`;
  await using stage = await openStage(toml);
  expect(await stage.json('/roles')).toMatchObject({
    code: 'token-wanted',
    message: expect.stringContaining('token_file'),
  });
  const headers = { authorization: `Bearer ${own}` };
  await expect
    .poll(async () => JSON.stringify(await stage.json('/roles', { headers })))
    .toMatch(/"pool","path":"roles\/pool","state":"reachable".*"shut".*"refused","reason":"it wants a token/);
  expect(await stage.json('/roles/pool/status', { headers })).toEqual({ name: 'pool' });
  // Not a 401, at which the page would ask for the dashboard's token.
  const refused = await stage.get('/roles/shut/status', { headers });
  expect([refused.status, await refused.json()]).toEqual([502, expect.objectContaining({ code: 'role-refused' })]);
  expect(JSON.stringify(stage.dashboard.status?.())).not.toContain(theirs);
});

test('refuses pages of elsewhere, and whatever is no question', async () => {
  await using stage = await openStage(rolesToml({ pool: 'http://127.0.0.1:1' }));
  const foreign = await stage.get('/roles', { headers: { origin: 'http://example.com' } });
  expect([foreign.status, await foreign.json()]).toEqual([403, expect.objectContaining({ code: 'foreign-page' })]);
  const post = await stage.get('/roles/pool/status', { method: 'POST' });
  expect([post.status, await post.json()]).toEqual([405, expect.objectContaining({ code: 'read-only' })]);
  expect(await stage.json('/roles/nobody/status')).toMatchObject({ code: 'no-such-role', has: ['pool'] });
  expect(await stage.json('/events?after=%00')).toMatchObject({ code: 'invalid-query' });
});

test('an answer that ends in the middle ends in the middle for the reader, and costs nothing else', async () => {
  await using pool = await openStranger((request, response) => {
    if (aboutItself(request, response)) return;
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
    response.write('{"half":', () => response.destroy());
  });
  await using stage = await openStage(rolesToml({ pool: pool.url }));
  await reach(stage, 'pool', 'reachable');
  await expect(stage.json('/roles/pool/status')).rejects.toThrow();
  expect(await entry(stage, 'pool')).toMatchObject({ state: 'reachable' });
});

test('what answers at an address and is no role is told so', async () => {
  await using stranger = await openStranger((_, response) => void response.end('hello'));
  await using stage = await openStage(rolesToml({ pool: stranger.url }));
  await expect.poll(() => entry(stage, 'pool')).toMatchObject({ reason: 'what answers there is no role of sv2kit' });
});
