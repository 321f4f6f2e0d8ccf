import { expect, test } from 'vitest';
import { allowedPath } from '../../src/server/allowed.ts';
import { aboutItself, eventsOf, openRole, openStage, openStranger, rolesToml, type Stage } from './stage.ts';

const reach = (stage: Stage, state: string) =>
  expect
    .poll(async () => (await stage.json('/roles'))['roles'], { interval: 50 })
    .toEqual([expect.objectContaining({ state })]);

test.each(['api/v1/workers/a\\..\\..\\..\\secret', 'api/v1/workers/..%2f..', 'api/v1/jobs#x', 'api/v1/%2e%2e', 'x'])(
  'asks a role for nothing at %s',
  (path) => expect(allowedPath(path)).toBeUndefined(),
);

test.each(['application/json;x=, text/html', 'text/plain; charset=utf-7', 'Text/Plain'])(
  'whatever a role says its bytes are (%s), they run nowhere',
  async (type) => {
    await using liar = await openStranger((request, response) => {
      if (!aboutItself(request, response)) response.setHeader('content-type', type).end('<script>1</script>');
    });
    await using stage = await openStage(rolesToml({ pool: liar.url }));
    await reach(stage, 'reachable');
    const { headers } = await stage.get('/roles/pool/status');
    expect(headers.get('content-type')).toMatch(/^(?:application\/json|text\/plain); charset=utf-8$/);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'; sandbox");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  },
);

test('a status that HTTP does not know is no bug of the dashboard', async () => {
  await using liar = await openStranger((request, response) => {
    if (!aboutItself(request, response)) response.writeHead(799, { 'content-type': 'text/plain' }).end();
  });
  await using stage = await openStage(rolesToml({ pool: liar.url }));
  await reach(stage, 'reachable');
  expect((await stage.get('/roles/pool/status')).status).toBe(502);
});

test('no role says how others are, and an id that is no header field keeps it from nothing', async () => {
  const lastIds: unknown[] = [];
  await using liar = await openStranger((request, response) => {
    if (request.url?.startsWith('/api/v1/events') !== true) return void aboutItself(request, response);
    lastIds.push(request.headers['last-event-id']);
    response.setHeader('content-type', 'text/event-stream');
    response.end(
      'id: ✗\nevent: role-state\ndata: {"name":"other","path":"//evil"}\n\nid: a-1\nevent: tip\ndata: {}\n\nid: ✗\nevent: tip\ndata: {}\n\n',
    );
  });
  await using stage = await openStage(rolesToml({ pool: liar.url }));
  const gone = new AbortController();
  const response = await stage.get('/events?after=0', { signal: gone.signal });
  for await (const { event, data } of eventsOf(response)) {
    expect(data['name']).not.toBe('other');
    if (event === 'tip') break;
  }
  gone.abort();
  await expect.poll(() => lastIds.at(-1), { timeout: 8000 }).toBe('a-1');
}, 10_000);

test('what a stranger answers with 401 does not make it a role', async () => {
  await using foreign = await openStranger((_, response) => {
    response.writeHead(401, { 'content-type': 'application/json' }).end('{"code":"denied","message":"log in"}');
  });
  await using stage = await openStage(rolesToml({ pool: foreign.url }));
  await expect
    .poll(async () => JSON.stringify(await stage.json('/roles')), { interval: 50 })
    .toContain('no role of sv2kit');
  await using _role = await openRole('pool');
});
