// Every role of a running stack answers for itself over HTTP, as its own document says it does.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRpcClient } from '@sv2kit/bitcoin-node';
import { systemClock } from '@sv2kit/daemon';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RoleProcess } from '../src/index.ts';
import { explainedAlerts, explainedMetrics, grafanaExpressions } from './delivered.ts';
import { Monitored } from './monitored.ts';
import { findPrometheus, NO_PROMETHEUS, Prometheus } from './prometheus.ts';

const SV2KIT = fileURLToPath(new URL('../../../apps/sv2kit/src/main.ts', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../.cache', import.meta.url));
const START_MS = 180_000;

/** What each role must have; it may have more. */
const RESOURCES: Readonly<Record<string, readonly string[]>> = {
  'template-provider': ['templates', 'blocks', 'listens', 'upstreams', 'peers'],
  'miner-templates': ['templates', 'blocks', 'listens', 'upstreams', 'peers'],
  pool: ['channels', 'workers', 'shares', 'history', 'jobs', 'blocks', 'listens', 'upstreams', 'peers', 'ledger'],
  'jd-server': ['jobs', 'blocks', 'listens', 'upstreams', 'peers', 'ledger'],
  'jd-client': ['channels', 'shares', 'history', 'jobs', 'templates', 'blocks', 'listens', 'upstreams', 'ledger'],
  'jd-client-coinbase': ['channels', 'shares', 'upstreams'],
  'jd-client-solo': ['channels', 'shares', 'upstreams'],
  translator: ['channels', 'workers', 'shares', 'history', 'jobs', 'listens', 'upstreams', 'peers'],
  'translator-to-v1': ['channels', 'shares', 'history', 'listens', 'upstreams', 'peers', 'ledger'],
  'device-1': ['channels', 'shares', 'history', 'jobs', 'upstreams'],
};
/** Who has jobs or templates to look into. */
const DETAILED = [
  ['template-provider', 'templates'],
  ['pool', 'templates'],
  ['pool', 'jobs'],
  ['jd-server', 'jobs'],
  ['jd-client', 'templates'],
  ['jd-client', 'jobs'],
  ['translator', 'jobs'],
  ['translator-to-v1', 'jobs'],
] as const;
/** Figures that rise while there is mining. */
const RISING: Readonly<Record<string, readonly string[]>> = {
  'template-provider': ['sv2_template_provider_deliveries_total', 'sv2_latency_seconds_count'],
  pool: ['sv2_pool_shares_total', 'sv2_latency_seconds_count', 'process_cpu_seconds_total'],
  'jd-server': ['sv2_jd_server_declarations_total'],
  'device-1': ['sv2_mining_device_shares_accepted_total', 'sv2_mining_device_jobs_total'],
};

interface Work {
  readonly transactions?: number;
  readonly fees?: string;
}

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
  await run.log.first('two blocks', ({ message }) => /\bblock \d+ .*\(2\)/.test(message), { ms: START_MS });
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
      expect([name, resources]).toEqual([
        name,
        expect.arrayContaining([...(RESOURCES[name] ?? (name === 'dashboard' ? [] : ['upstreams']))]),
      ]);
      for (const path of each.described) expect([name, path, await each.faults(path)]).toEqual([name, path, '']);
      if (name === 'dashboard') continue;
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

  test('there is a history of what was done, and somebody listens at every address that is told', async () => {
    for (const [name, kept] of [
      ['pool', 'ledger'],
      ['jd-client', 'ledger'],
      ['translator', 'memory'],
      ['device-1', 'memory'],
    ] as const) {
      const history = async () => {
        const { kept: where, points } = await role(name).json('/api/v1/history?hours=1');
        const accepted = (points as { accepted: number }[]).reduce((sum, point) => sum + point.accepted, 0);
        return [name, where, accepted > 0];
      };
      await expect.poll(history, { timeout: 30_000 }).toEqual([name, kept, true]);
      if (name === 'device-1') continue;
      const { items } = (await role(name).json('/api/v1/listens')) as { items: { host: string; port: number }[] };
      expect(items.length).toBeGreaterThan(0);
      for (const place of items) {
        const socket = connect(place);
        await once(socket, 'connect');
        socket.destroy();
      }
    }
  }, 60_000);

  test.each(DETAILED)(
    '%s tells what is in its %s',
    async (name, of) => {
      const each = role(name);
      // A tip may come between the list and the question.
      const look = async (): Promise<unknown> => {
        const { items } = (await each.json(`/api/v1/${of}`)) as { items: { id: string; state: string }[] };
        const id = items.find(({ state }) => state === 'active')?.id ?? 'none';
        expect(await each.faults(`/api/v1/${of}/${id}`, `/api/v1/${of}/{id}`)).toBe('');
        const { id: told, height, transactionList, coinbase } = await each.json(`/api/v1/${of}/${id}`);
        const knows = [Number(height) > 0, transactionList !== undefined, coinbase !== undefined];
        return [told === id, ...knows];
      };
      const isOfUpstream = name.startsWith('translator');
      await expect.poll(look, { timeout: 30_000 }).toEqual([true, true, !isOfUpstream, of === 'jobs']);
    },
    60_000,
  );

  test('a template has transactions with fees, so has a declared job, and so has a block that is found', async () => {
    const looks = [
      ['miner-templates', 'templates'],
      ['jd-server', 'jobs'],
    ] as const;
    for (const [name, of] of looks) {
      const found = async () => {
        const { items } = (await role(name).json(`/api/v1/${of}`)) as { items: Work[] };
        // Who is not told of fees cannot tell of them.
        return items.some(({ transactions = 0, fees }) => transactions > 0 && fees !== '0');
      };
      await expect.poll(async () => [name, await found()], { timeout: 30_000 }).toEqual([name, true]);
    }
    const [, url = ''] =
      /^\[\[nodes\]\]\nurl = "(.+)"$/m.exec(readFileSync(data('configs', 'pool.toml'), 'utf8')) ?? [];
    const credentials = { cookieFile: data('bitcoind', 'regtest', '.cookie') };
    const node = createRpcClient({ url, credentials, clock: systemClock });
    const filled = async () => {
      const { items } = (await role('pool').json('/api/v1/blocks')) as { items: { hash: string }[] };
      const blocks = await Promise.all(items.map(({ hash }) => node.call('getblock', [hash])));
      return (blocks as { nTx: number }[]).some(({ nTx }) => nTx > 1);
    };
    await expect.poll(filled, { timeout: 30_000 }).toBe(true);
    node.close();
  }, 150_000);

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

describe('for who keeps time series', () => {
  /** Only where something is configured, or went wrong. */
  const SOMETIMES = /^sv2_(?:notifications_total|config_reloads_total)$|_worker_|^process_(?:open_fds|max_fds|virtual)/;

  test('docs/OPERATING.md explains every metric of every role, and no other', async () => {
    const seen = new Set<string>();
    for (const each of roles.values()) {
      for (const [, name = ''] of (await each.ask('/metrics')).text.matchAll(/^# TYPE ((?:sv2|process)_\S+)/gm)) {
        if (!SOMETIMES.test(name)) seen.add(name);
      }
    }
    const explained = [...explainedMetrics()].filter((name) => !SOMETIMES.test(name));
    expect(explained.toSorted()).toEqual([...seen].toSorted());
  });

  test('Prometheus takes the alert rules and every expression of the Grafana page, and finds what they ask for', async ({
    skip,
  }) => {
    const program = findPrometheus();
    if (program === undefined) return skip(NO_PROMETHEUS);
    const addresses = Array.from(roles.values(), ({ base }) => base.replace('http://', ''));
    await using prometheus = await Prometheus.start(program, join(folder, 'prometheus'), addresses);
    await expect.poll(() => prometheus.up()).toEqual(addresses.toSorted());

    const unwell = async () => (await prometheus.rules()).filter(({ health }) => health !== 'ok');
    await expect.poll(unwell).toEqual([]);
    const alerts = (await prometheus.rules()).map(({ name }) => name).filter((name) => !name.includes(':'));
    expect([...explainedAlerts()].toSorted()).toEqual([...new Set(alerts)].toSorted());

    for (const { panel, expr } of grafanaExpressions('sv2kit')) {
      const found = async () => (await prometheus.query(expr)).length > 0;
      // What there is to see only when something goes wrong.
      if (/not met|Rejected shares|Jobs of miners|Blocks found/.test(panel)) await found();
      else await expect.poll(async () => [panel, expr, await found()]).toEqual([panel, expr, true]);
    }
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
