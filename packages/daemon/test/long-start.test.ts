import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import {
  config,
  ConfigError,
  type Host,
  parseConfig,
  type Service,
  type ServiceDefinition,
  VirtualClock,
} from '../src/index.ts';
import { serviceConfig } from '../src/service-config.ts';
import { LONG_START_MS, Supervisor } from '../src/supervisor.ts';

async function listener(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

/** A service that starts when told to, and its supervisor. */
function starting(port: number) {
  const clock = new VirtualClock();
  const nothing = { [Symbol.dispose]() {} };
  const host: Host = {
    argv: [],
    program: 'demo',
    environment: {},
    workingFolder: '/',
    out() {},
    error() {},
    onSignal: () => nothing,
    onUncaught: () => nothing,
    exit() {},
  };
  const start = Promise.withResolvers<Service>();
  let finish = (): void => {};
  const definition: ServiceDefinition<object> = {
    name: 'demo',
    config: config({}),
    start(_, deps) {
      finish = deps.finish;
      return start.promise;
    },
  };
  const text = `monitoring = "127.0.0.1:${port}"\n[log]\nlevel = "silent"`;
  const values = parseConfig(serviceConfig(definition.config), text, { name: 'demo' });
  const ended = new Supervisor(definition, values, host, { clock }).run().catch((error: unknown) => error);
  return { clock, start, ended, finish: () => finish() };
}

async function freePort(): Promise<number> {
  const { server, port } = await listener();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const status = (url: string): Promise<number> =>
  fetch(url).then(
    (answer) => answer.status,
    () => 0,
  );

test('a start that takes long can be watched: alive, and not ready', async () => {
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const { clock, start, ended, finish } = starting(port);
  await clock.advanceAsync(LONG_START_MS - 1);
  expect(await status(`${base}/health/live`)).toBe(0);
  await clock.advanceAsync(1);
  await expect.poll(() => status(`${base}/health/live`), { timeout: 60_000 }).toBe(200);
  const health = await fetch(`${base}/health`);
  expect([health.status, await health.json()]).toMatchObject([503, { state: 'starting', serving: false }]);
  expect(await status(`${base}/status`)).toBe(200);
  expect(await status(`${base}/api/v1/workers`)).toBe(503);
  start.resolve({ close: () => Promise.resolve() });
  await expect.poll(() => status(`${base}/health`)).toBe(200);
  finish();
  expect(await ended).toBe('stopped');
});

test('what a long start ends with ends the watching too', async () => {
  const port = await freePort();
  const { clock, start, ended } = starting(port);
  await clock.advanceAsync(LONG_START_MS);
  await expect.poll(() => status(`http://127.0.0.1:${port}/health/live`), { timeout: 60_000 }).toBe(200);
  start.reject(new ConfigError([{ source: '', key: 'identity', wrong: 'has no key', example: '' }]));
  expect(await ended).toBeInstanceOf(ConfigError);
  expect(await status(`http://127.0.0.1:${port}/health/live`)).toBe(0);
});

test('a port that is taken ends a long start at once', async () => {
  const { server, port } = await listener();
  onTestFinished(() => void server.close());
  const { clock, start, ended } = starting(port);
  await clock.advanceAsync(LONG_START_MS);
  start.resolve({ close: () => Promise.resolve() });
  expect(await ended).toMatchObject({ problems: [{ key: 'monitoring', wrong: expect.stringContaining('is taken') }] });
});
