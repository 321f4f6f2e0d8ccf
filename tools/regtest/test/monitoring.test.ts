// Every role of a running stack answers for itself over HTTP, as its own document says it does.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RoleProcess } from '../src/index.ts';
import { Monitored } from './monitored.ts';

const SV2KIT = fileURLToPath(new URL('../../../apps/sv2kit/src/main.ts', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../.cache', import.meta.url));
const START_MS = 180_000;

/** What each role must have; it may have more. */
const RESOURCES: Readonly<Record<string, readonly string[]>> = {
  'template-provider': ['templates', 'blocks', 'upstreams', 'peers'],
  'miner-templates': ['templates', 'blocks', 'upstreams', 'peers'],
  pool: ['channels', 'workers', 'shares', 'jobs', 'blocks', 'upstreams', 'peers', 'ledger'],
  'jd-server': ['jobs', 'blocks', 'upstreams', 'peers', 'ledger'],
  'jd-client': ['channels', 'workers', 'shares', 'jobs', 'templates', 'blocks', 'upstreams', 'peers', 'ledger'],
  'jd-client-coinbase': ['channels', 'shares', 'upstreams'],
  'jd-client-solo': ['channels', 'shares', 'upstreams'],
  translator: ['channels', 'workers', 'shares', 'jobs', 'upstreams', 'peers'],
  'translator-to-v1': ['channels', 'shares', 'upstreams', 'peers', 'ledger'],
  'device-1': ['channels', 'shares', 'jobs', 'upstreams'],
};
/** Figures that rise while there is mining. */
const RISING: Readonly<Record<string, readonly string[]>> = {
  'template-provider': ['sv2_template_provider_deliveries_total', 'sv2_latency_seconds_count'],
  pool: ['sv2_pool_shares_total', 'sv2_latency_seconds_count', 'process_cpu_seconds_total'],
  'jd-server': ['sv2_jd_server_declarations_total'],
  'device-1': ['sv2_mining_device_shares_accepted_total', 'sv2_mining_device_jobs_total'],
};

let folder: string;
let run: RoleProcess;
let roles: ReadonlyMap<string, Monitored>;
const data = (...names: string[]): string => join(folder, 'data', 'regtest', ...names);
const role = (name: string): Monitored => {
  const found = roles.get(name);
  if (found === undefined) throw new Error(`there is no ${name} among ${[...roles.keys()].join(', ')}`);
  return found;
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sv2kit-monitoring-'));
  for (const name of ['home', 'here', 'data']) mkdirSync(join(folder, name));
  mkdirSync(CACHE, { recursive: true });
  symlinkSync(CACHE, join(folder, 'data', 'cache'));
  const argv = ['stack', '--regtest', '--paths', 'all', '--v2-on-v1', '--data', join(folder, 'data')];
  const env = { ...process.env, HOME: join(folder, 'home') };
  run = new RoleProcess(SV2KIT, argv, join(folder, 'here'), env);
  await run.log.first('two blocks', ({ message }) => /block 2\b/.test(message), { ms: START_MS });
  roles = new Map(
    readdirSync(data('configs')).map((file) => {
      const [, address = ''] = /^monitoring = "(.*)"$/m.exec(readFileSync(data('configs', file), 'utf8')) ?? [];
      const name = file.replace(/\.toml$/, '');
      return [name, new Monitored(name, address)];
    }),
  );
  await Promise.all(Array.from(roles.values(), (each) => each.describe()));
}, START_MS);
afterAll(async () => {
  run.signal('SIGINT');
  await run.end();
  rmSync(folder, { recursive: true, force: true });
});

describe('every role of a running stack', () => {
  test('is alive, ready, and has figures', async () => {
    expect([...roles.keys()]).toEqual(expect.arrayContaining(Object.keys(RESOURCES)));
    for (const [name, each] of roles) {
      expect([name, (await each.ask('/health/live')).status]).toEqual([name, 200]);
      await expect
        .poll(async () => [name, (await each.ask('/health')).text])
        .toEqual([name, expect.stringMatching(/"serving":true/)]);
      expect([name, (await each.ask('/health/ready')).status]).toEqual([name, 200]);
      const { text } = await each.ask('/metrics');
      expect(text).toMatch(/^sv2_latency_seconds_bucket\{le="0.001",step="event-loop-delay"\} \d+$/m);
      expect(text).toMatch(/^nodejs_heap_size_used_bytes \d+/m);
      expect(await each.json('/status')).toMatchObject({ state: expect.stringMatching(/^(ok|degraded)$/) });
      expect((await each.ask('/')).status).toBe(200);
    }
  });

  test('answers every resource that there is as its document says, and has those that it must', async () => {
    for (const [name, each] of roles) {
      const { resources } = await each.json('/api/v1/role');
      expect([name, resources]).toEqual([name, expect.arrayContaining([...(RESOURCES[name] ?? ['upstreams'])])]);
      for (const path of each.described) expect([name, path, await each.faults(path)]).toEqual([name, path, '']);
      const paged = '/api/v1/upstreams?offset=0&limit=1';
      expect([name, await each.faults(paged, '/api/v1/upstreams')]).toEqual([name, '']);
      const { status, text } = await each.ask('/api/v1/upstreams?limit=1001');
      expect([name, status, JSON.parse(text).code]).toEqual([name, 400, 'invalid-query']);
    }
  });

  test('has nothing secret in any answer', () => {
    const secrets = [...secretsBelow(data('keys')), ...secretsBelow(data())];
    expect(secrets.length).toBeGreaterThan(2);
    for (const [name, { said }] of roles) {
      expect(said.length).toBeGreaterThan(1000);
      for (const { file, secret } of secrets) expect([name, file, said.includes(secret)]).toEqual([name, file, false]);
    }
  });
});

describe('while there is mining', () => {
  test.each(Object.keys(RISING))('the figures of the %s rise', async (name) => {
    const each = role(name);
    for (const series of RISING[name] ?? []) {
      const before = await each.figure(series);
      await expect.poll(async () => [series, (await each.figure(series)) > before]).toEqual([series, true]);
    }
  });

  test('the pool counts shares, workers and blocks, and measures what its miners do', async () => {
    const pool = role('pool');
    const { accepted } = await pool.json('/api/v1/shares');
    await expect
      .poll(() => pool.json('/api/v1/shares'))
      .toMatchObject({ accepted: expect.toSatisfy((n) => n > Number(accepted)) });
    await expect.poll(() => pool.json('/api/v1/workers')).toMatchObject({ total: expect.toSatisfy((n) => n >= 2) });
    const { items } = (await pool.json('/api/v1/workers?limit=1')) as { items: { name: string }[] };
    const worker = `/api/v1/workers/${encodeURIComponent(items[0]?.name ?? '')}`;
    expect(await pool.faults(worker, '/api/v1/workers/{name}')).toBe('');
    const { total } = (await pool.json('/api/v1/blocks?limit=1')) as { total: number };
    expect(total).toBeGreaterThan(0);
    expect(await pool.json('/api/v1/workers/nobody.at.all')).toMatchObject({ code: 'not-found' });
  });

  test('time is measured from the tip to the template, from the job to the device, and from the share to its answer', async () => {
    for (const [name, step] of [
      ['template-provider', 'tip-to-template'],
      ['device-1', 'job-to-hashing'],
      ['pool', 'share-to-success'],
    ] as const) {
      const samples = async () => {
        const { text } = await role(name).ask('/metrics');
        return Number(new RegExp(`^sv2_latency_seconds_count\\{step="${step}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
      };
      await expect.poll(async () => [name, step, (await samples()) > 0]).toEqual([name, step, true]);
    }
  });

  test('events come as they happen, and those before are still to be had', async () => {
    expect(await role('template-provider').events(2, '?after=0&types=tip')).toEqual(['tip', 'tip']);
    const found = await role('pool').events(1, '?types=block-found');
    expect(found).toEqual(['block-found']);
  });
});

/** Values of key files and node cookies below a folder. */
function secretsBelow(path: string): { readonly file: string; readonly secret: string }[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(key|cookie)$/.test(entry.name))
    .flatMap(({ parentPath, name }) => {
      const text = readFileSync(join(parentPath, name), 'utf8');
      const words = text.split('\n').filter((line) => !line.startsWith('#'));
      return words
        .flatMap((line) => line.split(/[\s:]/))
        .filter((word) => word.length >= 32)
        .map((secret) => ({ file: name, secret }));
    });
}
