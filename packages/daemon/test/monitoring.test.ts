import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  type Config,
  config,
  type Host,
  runService,
  type Secret,
  type ServiceDefinition,
  type ServiceDeps,
  secret,
} from '../src/index.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';
const PASSWORD = 'correct-horse-battery-staple';

interface DemoConfig {
  readonly password: Secret;
}
const demoConfig: Config<DemoConfig> = config({ password: secret('x', 'Never to be seen.') });

/** A service that runs until the test is over. */
async function running(environment: Record<string, string>, argv: readonly string[] = []) {
  const port = await freePort();
  const output = { out: '', error: '' };
  const nothing = { [Symbol.dispose]() {} };
  const host: Host = {
    argv,
    program: 'demo',
    environment: {
      SV2KIT_DEMO__LOG__LEVEL: 'silent',
      SV2KIT_DEMO__PASSWORD: PASSWORD,
      SV2KIT_DEMO__MONITORING: `127.0.0.1:${port}`,
      ...environment,
    },
    workingFolder: '/',
    out: (line) => void (output.out += line),
    error: (line) => void (output.error += line),
    onSignal: () => nothing,
    onUncaught: () => nothing,
    exit() {},
  };
  const started = Promise.withResolvers<ServiceDeps>();
  const definition: ServiceDefinition<DemoConfig> = {
    name: 'demo',
    config: demoConfig,
    start(values, deps) {
      started.resolve(deps);
      return {
        close: () => Promise.resolve(),
        status: () => ({ values, big: 1n }),
        api: () => ({ upstreams: () => [{ name: 'node', kind: 'node', state: 'ok', stats: {} }] }),
      };
    },
  };
  const ended = runService(definition, host);
  const deps = await Promise.race([started.promise, ended.then(() => undefined)]);
  if (deps === undefined) return { ended, output, base: '', deps: undefined };
  onTestFinished(async () => {
    deps.finish();
    await ended;
  });
  const base = `http://127.0.0.1:${port}`;
  await expect
    .poll(
      () =>
        fetch(`${base}/health/live`).then(
          (answer) => answer.status,
          () => 0,
        ),
      { timeout: 60_000 },
    )
    .toBe(200);
  return { ended, output, base, deps };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function tokenFile(text = `${TOKEN}\n`, mode = 0o600): string {
  const file = join(mkdtempSync(join(tmpdir(), 'sv2kit-token-')), 'monitoring.token');
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

async function get(url: string, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { headers });
  return { status: answer.status, text: await answer.text() };
}

test('a service serves health with codes, metrics, status and its API', async () => {
  const { base, deps } = await running({});
  const node = deps?.health.condition('node', 'away', 'node-away');
  deps?.latencies.recorder('pool.share-to-success').record(3);
  const sick = await get(`${base}/health`);
  expect([sick.status, JSON.parse(sick.text)]).toMatchObject([
    503,
    { state: 'degraded', reason: 'node: away', conditions: [{ name: 'node', code: 'node-away', reason: 'away' }] },
  ]);
  const down = (await get(`${base}/metrics`)).text;
  expect(down).toContain('sv2_serving 0');
  expect(down).toContain('sv2_condition_met{condition="node"} 0');
  expect(down).toMatch(/^sv2_info\{role="demo",version="0\.1\.0",node=".*"\} 1$/m);
  node?.lacking('slow', 'clock-off');
  const lame = await get(`${base}/health/ready`);
  expect([lame.status, JSON.parse(lame.text)]).toMatchObject([200, { conditions: [{ code: 'clock-off' }] }]);
  node?.ok();
  expect(JSON.parse((await get(`${base}/api/v1/health`)).text)).toMatchObject({ state: 'ok' });
  const { text } = await get(`${base}/metrics`);
  expect(text).not.toMatch(/^# TYPE \w+_total (?!counter)/m);
  expect(text).toContain('sv2_latency_seconds_bucket{le="0.0025",step="share-to-success",part="pool"} 0');
  expect(text).toContain('sv2_latency_seconds_bucket{le="0.005",step="share-to-success",part="pool"} 1');
  expect(text).toContain('sv2_latency_seconds_count{step="share-to-success",part="pool"} 1');
  expect(text).toContain('# TYPE sv2_latency_seconds histogram');
  expect(JSON.parse((await get(`${base}/status?x=1`)).text)).toMatchObject({ name: 'demo', details: { big: '1' } });
  expect(JSON.parse((await get(`${base}/api/v1/upstreams`)).text)).toMatchObject({
    total: 1,
    items: [{ name: 'node' }],
  });
  expect(JSON.parse((await get(`${base}/api/v1/role`)).text)).toMatchObject({ name: 'demo', version: '0.1.0' });
});

test('what changes in the health is an event', async () => {
  const { deps } = await running({});
  deps?.health.condition('node', 'away', 'node-away').ok();
  expect(deps?.events.since(0)).toMatchObject([{ id: 1, type: 'condition', name: 'node', ok: true }]);
});

test('no secret of the configuration is in any answer', async () => {
  const file = tokenFile();
  const { base } = await running({ SV2KIT_DEMO__MONITORING_TOKEN_FILE: file });
  const authorization = `Bearer ${TOKEN}`;
  const paths = ['/', '/health', '/metrics', '/status', '/api/v1', '/api/v1/role', '/api/v1/openapi.json', '/nope'];
  for (const path of [...paths, '/api/v1/upstreams', '/api/v1/peers', '/api/v1/upstreams?x=1']) {
    const bare = await get(`${base}${path}`);
    const { status, text } = await get(`${base}${path}`, { authorization });
    expect([path, status]).not.toEqual([path, 401]);
    expect(`${bare.text}${text}`).not.toMatch(new RegExp(`${PASSWORD}|${TOKEN}`));
  }
  expect((await get(`${base}/status`, { authorization })).text).toContain('"password": "[redacted]"');
});

test('with a token only liveness and the bare state are told without it', async () => {
  const { base, deps } = await running({ SV2KIT_DEMO__MONITORING_TOKEN_FILE: tokenFile() });
  deps?.health.condition('node', 'away at 10.0.0.1', 'node-away');
  expect(await get(`${base}/health/live`)).toMatchObject({ status: 200, text: expect.stringContaining('true') });
  const bare = await get(`${base}/health`);
  expect([bare.status, JSON.parse(bare.text)]).toEqual([503, { state: 'degraded', serving: false }]);
  for (const path of ['/metrics', '/status', '/', '/api/v1/role', '/api/v1/events', '/nope']) {
    expect((await get(`${base}${path}`)).status).toBe(401);
    expect((await get(`${base}${path}`, { authorization: `Bearer ${TOKEN}0` })).status).toBe(401);
    expect((await get(`${base}${path}`, { authorization: `Basic ${TOKEN}` })).status).toBe(401);
  }
  expect((await get(`${base}/metrics`, { authorization: `bearer ${TOKEN}` })).status).toBe(200);
  const told = await get(`${base}/health`, { authorization: `Bearer ${TOKEN}` });
  expect(JSON.parse(told.text)).toMatchObject({ conditions: [{ reason: 'away at 10.0.0.1' }] });
});

test.each(['0.0.0.0:0', '[::]:0', '192.168.1.2:9080', 'pool.example:9080', '127.0.0.1.example:9080'])(
  'an address that others can reach (%s) wants a token: exit code 2, with the remedy',
  async (address) => {
    const { ended, output } = await running({ SV2KIT_DEMO__MONITORING: address });
    expect(await ended).toBe(2);
    expect(output.error).toContain('monitoring_token_file: is missing');
    expect(output.error).toContain('openssl rand -hex 32');
  },
);

test.each(['127.0.0.1:9080', '127.9.9.9:9080', '[::1]:9080', 'localhost:9080'])(
  '%s is loopback and wants no token',
  async (address) => {
    const { ended, output } = await running({ SV2KIT_DEMO__MONITORING: address }, ['--check']);
    expect([await ended, output.error]).toEqual([0, '']);
  },
);

test.each([
  ['short', 0o600, 'holds a token of 5 characters, not 16 or more'],
  [`${TOKEN}\n${TOKEN}\n`, 0o600, 'holds more than one word'],
  [`${TOKEN}\n`, 0o644, 'may be read by others: chmod 600 it'],
])('a token file with %j and mode %o is refused: it %s', async (text, mode, wrong) => {
  const { ended, output } = await running({ SV2KIT_DEMO__MONITORING_TOKEN_FILE: tokenFile(text, mode) });
  expect(await ended).toBe(2);
  expect(output.error).toContain(wrong);
  expect(output.error).not.toContain(TOKEN);
});

test('a token file that is not there is refused', async () => {
  const { ended, output } = await running({ SV2KIT_DEMO__MONITORING_TOKEN_FILE: '/nowhere/monitoring.token' });
  expect(await ended).toBe(2);
  expect(output.error).toContain('/nowhere/monitoring.token cannot be read: there is no such file or folder; make one');
});
