import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { Unavailable } from '../src/index.ts';
import { ask, EVERYTHING, json, stage } from './stage.ts';

const RESOURCES = [
  'channels',
  'workers',
  'shares',
  'history',
  'jobs',
  'templates',
  'blocks',
  'listens',
  'upstreams',
  'peers',
  'payouts',
  'ledger',
];

interface Operation {
  readonly operationId: string;
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: object }> }>;
}

describe('what a role has', () => {
  test('is answered as the OpenAPI document says, every resource of it', async () => {
    const at = await stage();
    const document = await json(at, '/api/v1/openapi.json');
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'document', ...document });
    const paths = document['paths'] as Record<string, { readonly get: Operation }>;
    const asked = Object.keys(paths).filter((path) => path !== '/api/v1/events');
    expect(asked).toEqual(expect.arrayContaining(RESOURCES.map((name) => `/api/v1/${name}`)));
    for (const path of asked) {
      const { schema } = paths[path]?.get.responses['200']?.content?.['application/json'] ?? {};
      const pointer = `document#/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1')}/get/responses/200`;
      const answer = await json(at, path.replace('{name}', encodeURIComponent('alice.rig/1')).replace('{id}', '1'));
      const isRight = ajv.validate({ $ref: `${pointer}/content/application~1json/schema` }, answer);
      expect([path, schema === undefined, isRight, ajv.errors]).toEqual([path, false, true, null]);
    }
    const ids = Object.values(paths).map(({ get }) => get.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('is named at /api/v1/role, and at / for programs and for people', async () => {
    const at = await stage({ jobs: EVERYTHING.jobs });
    expect(await json(at, '/api/v1/role')).toMatchObject({ name: 'pool', version: '1.2.3', resources: ['jobs'] });
    const { paths } = await json(at, '/');
    expect(Object.keys(paths as object)).toContain('/api/v1/jobs');
    expect(Object.keys(paths as object)).not.toContain('/api/v1/peers');
    const page = await ask(at, '/api/v1', { headers: { accept: 'text/html,*/*' } });
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.text).toContain('<a href="/api/v1/jobs">');
  });

  test('is all that its document describes, once it has started', async () => {
    const at = await stage({ jobs: EVERYTHING.jobs });
    const described = async () => Object.keys((await json(at, '/api/v1/openapi.json'))['paths'] as object);
    const resources = (await described()).filter((path) => RESOURCES.includes(path.split('/')[3] ?? ''));
    expect(resources).toEqual(['/api/v1/jobs']);
    expect(await described()).toContain('/api/v1/events');
  });

  test('and what it has not is a 404 that names what it has', async () => {
    const at = await stage({ jobs: EVERYTHING.jobs });
    const { status, text } = await ask(at, '/api/v1/peers');
    expect([status, JSON.parse(text)]).toEqual([
      404,
      {
        code: 'not-here',
        message: 'the pool has no peers; it has role, health, jobs, events',
        has: ['role', 'health', 'jobs', 'events'],
      },
    ]);
    expect(JSON.parse((await ask(at, '/api/v1/nothing')).text)).toMatchObject({ code: 'not-found' });
    expect(JSON.parse((await ask(at, '/%zz')).text)).toMatchObject({ code: 'invalid-request' });
  });

  test('comes in pages of at most a thousand rows, of which no more are made than are asked for', async () => {
    const at = await stage();
    const first = await json(at, '/api/v1/channels');
    expect(first).toMatchObject({ total: 2500, offset: 0, limit: 100 });
    expect(first['items']).toHaveLength(100);
    const last = await json(at, '/api/v1/channels?offset=2000&limit=1000');
    expect(last['items']).toHaveLength(500);
    const greedy = await stage({ jobs: () => ({ total: 9, items: Array.from({ length: 9 }, () => job) }) });
    expect((await json(greedy, '/api/v1/jobs?limit=2'))['items']).toHaveLength(2);
  });

  test('names workers by whatever is in a user_identity', async () => {
    const at = await stage();
    expect(await json(at, `/api/v1/workers/${encodeURIComponent('alice.rig/1')}`)).toMatchObject({ state: 'gone' });
    expect(await ask(at, '/api/v1/workers/bob')).toMatchObject({ status: 404 });
    expect(await ask(at, `/api/v1/workers/${'%ff'.repeat(255)}`)).toMatchObject({ status: 400 });
    expect(await ask(at, `/api/v1/workers/${'x'.repeat(3000)}`)).toMatchObject({ status: 404 });
    expect(await json(at, '/api/v1/workers?sort=best')).toMatchObject({ items: [{ state: 'idle' }] });
  });

  test('writes addresses by the rule of the log, and never what is not declared', async () => {
    const items = [{ ...job, password: 'hunter2' }];
    const at = await stage({ ...EVERYTHING, jobs: () => Object.assign({ total: 1, items }, { password: 'hunter2' }) });
    expect(await json(at, '/api/v1/peers')).toMatchObject({ items: [{ remote: '203.0.113.x' }] });
    expect(await json(at, '/api/v1/channels?limit=1')).toMatchObject({ items: [{ remote: '203.0.113.x' }] });
    expect((await ask(at, '/api/v1/jobs')).text).not.toContain('hunter2');
  });
});

const job = { id: '1', origin: 'pool', state: 'active', createdAtMs: 5 } as const;

test('a question that is not understood is told what, where and what is right', async () => {
  const at = await stage();
  const { status, text } = await ask(at, '/api/v1/channels?limit=5000&offset=-1&page=2');
  expect([status, JSON.parse(text).code]).toEqual([400, 'invalid-query']);
  expect(JSON.parse(text).problems).toEqual(
    expect.arrayContaining([
      { where: 'page', wrong: 'is not known', right: 'one of offset, limit' },
      { where: 'limit', wrong: 'is "5000"', right: 'a whole number from 1 to 1000' },
      { where: 'offset', wrong: 'is "-1"', right: 'a whole number from 0 on' },
    ]),
  );
  expect(JSON.parse((await ask(at, '/api/v1/channels?limit=1&limit=2')).text).problems).toEqual([
    { where: 'limit', wrong: 'is given more than once', right: 'a whole number from 1 to 1000' },
  ]);
  expect(JSON.parse((await ask(at, '/api/v1/shares?x=1')).text).problems).toMatchObject([{ right: 'ask for nothing' }]);
  expect(JSON.parse((await ask(at, '/api/v1/workers?sort=age')).text).problems).toEqual([
    { where: 'sort', wrong: 'is "age"', right: 'one of name, hashrate, work, best, last-share' },
  ]);
});

describe('a role that', () => {
  test('has a bug answers 500 without a word of it; the log has it', async () => {
    const bug = new Error('at /home/alice/secret.ts');
    const at = await stage({ jobs: () => Promise.reject(bug) });
    const { status, text } = await ask(at, '/api/v1/jobs');
    expect([status, JSON.parse(text)]).toEqual([500, { code: 'internal', message: 'internal error; the log has it' }]);
    expect(at.errors).toEqual([bug]);
  });

  test('cannot answer just now says why, and is no bug', async () => {
    const at = await stage({ ledger: () => Promise.reject(new Unavailable('the database is away')) });
    const { status, headers, text } = await ask(at, '/api/v1/ledger');
    expect([status, headers['retry-after']]).toEqual([503, '5']);
    expect(JSON.parse(text)).toEqual({ code: 'unavailable', message: 'the database is away' });
    expect(at.errors).toEqual([]);
  });

  test('never answers keeps nobody for ever', async () => {
    const asked = Promise.withResolvers<void>();
    const at = await stage({
      ledger: () => {
        asked.resolve();
        return new Promise(() => {});
      },
    });
    const answer = ask(at, '/api/v1/ledger');
    await asked.promise;
    at.clock.advance(10_000);
    expect(await answer).toMatchObject({ status: 503 });
    expect(at.clock.pending).toBe(0);
  });
});

test('health is 200 while the role does its work and 503 with reasons while it does not; liveness is always 200', async () => {
  const at = await stage();
  expect(await ask(at, '/health')).toMatchObject({ status: 200 });
  const conditions = [{ name: 'node a', ok: false, code: 'node-away', reason: 'refused', sinceMs: 5 }];
  at.health = { state: 'degraded', serving: false, reason: 'node a: refused', conditions };
  for (const path of ['/health', '/health/ready']) {
    const { status, text } = await ask(at, path);
    expect([status, JSON.parse(text)]).toEqual([503, at.health]);
  }
  expect(await json(at, '/api/v1/health')).toEqual(at.health);
  expect(await ask(at, '/health/live')).toMatchObject({ status: 200 });
});

test('while a role starts, what it has is not known yet: that is no "there is none"', async () => {
  const at = await stage({});
  at.health = { state: 'starting', serving: false, conditions: [] };
  const answer = await ask(at, '/api/v1/channels');
  expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
    503,
    { code: 'unavailable', message: 'the pool is still starting' },
  ]);
  at.health = { state: 'ok', serving: true, conditions: [] };
  expect((await ask(at, '/api/v1/channels')).status).toBe(404);
});

test('figures and the state at a glance are served as they are', async () => {
  const at = await stage();
  const figures = await ask(at, '/metrics');
  expect([figures.text, figures.headers['content-type']]).toEqual([
    'up 1\n',
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  expect(await json(at, '/status?x=1')).toEqual({ big: '1' });
  expect((await ask(at, '/metrics/')).status).toBe(200);
});

test('what cannot be answered because the role stops is no bug', async () => {
  const at = await stage({ ledger: () => Promise.reject(new Error('the ledger is closed')) });
  at.health = { state: 'stopping', serving: false, conditions: [] };
  const answer = await ask(at, '/api/v1/ledger');
  expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
    503,
    { code: 'unavailable', message: 'the pool is stopping' },
  ]);
  expect(at.errors).toEqual([]);
});

test('addresses of peers in the state at a glance are written by the rule of the log too', async () => {
  const status = { miners: [{ remote: '203.0.113.9', user: '203.0.113.9' }] };
  const at = await stage(undefined, { status: () => Promise.resolve(status) });
  expect(await json(at, '/status')).toEqual({ miners: [{ remote: '203.0.113.x', user: '203.0.113.9' }] });
});

test('only GET and HEAD are served, with the right Allow', async () => {
  const at = await stage();
  const head = await ask(at, '/api/v1/jobs', { method: 'HEAD' });
  expect([head.status, head.text, Number(head.headers['content-length']) > 0]).toEqual([200, '', true]);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND']) {
    const { status, headers, text } = await ask(at, '/api/v1/jobs', { method });
    expect([method, status, headers.allow, JSON.parse(text).code]).toEqual([method, 405, 'GET, HEAD', 'read-only']);
  }
});

test('a number that JSON has no word for costs no reader the rest', async () => {
  const hashrate = { oneMinute: Number.NaN, tenMinutes: 1, oneHour: Infinity, oneDay: 0 };
  const at = await stage({
    shares: () => ({ ...EVERYTHING_SHARES, hashrate, luck: Number.NaN, effort: 0.5 }),
  });
  const shares = await json(at, '/api/v1/shares');
  expect(shares).toMatchObject({ hashrate: { oneMinute: 0, tenMinutes: 1, oneHour: 0 }, effort: 0.5 });
  expect(shares).not.toHaveProperty('luck');
});

const EVERYTHING_SHARES = { accepted: 1, rejected: {}, work: 1, bestDifficulty: 2, blocks: 0 };
