// The stack command as a user runs it, watched from outside: what it leaves behind, and what bitcoind says of its blocks.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RoleProcess, TestNode } from '../src/index.ts';

const SV2KIT = fileURLToPath(new URL('../../../apps/sv2kit/src/main.ts', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../.cache', import.meta.url));
const STACK_MS = 120_000;
const ROLES = [
  ...['bitcoind', 'miner-bitcoind', 'dashboard', 'template-provider', 'miner-templates', 'pool', 'jd-server'],
  ...['jd-client', 'jd-client-coinbase', 'jd-client-solo', 'translator'],
  ...['device-1', 'device-2', 'device-3', 'device-4', 'device-5', 'device-6'],
];
/** All of it is credited: each job pays the pool in full. */
const DECLARED = expect.toSatisfy(
  ({ jobs, shares, work, creditedWork }) => jobs > 0 && shares > 0 && work > 0 && creditedWork === work,
);
const PATHS = ['pool-template', 'declared-full-template', 'coinbase-only', 'solo'];

interface Report {
  readonly ok: boolean;
  readonly blocks: readonly {
    readonly height: number;
    readonly hash: string;
    readonly via: string;
    readonly path: string;
  }[];
}

/** Holds the user's home, a place for temporary files, and the folder in which the command is given. */
let folder: string;
const place = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sv2kit-stack-scenario-'));
  for (const name of ['home', 'temporary', 'here', 'data']) mkdirSync(place(name));
  // What a first run downloads.
  mkdirSync(CACHE, { recursive: true });
  symlinkSync(CACHE, join(place('data'), 'cache'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function stack(...options: string[]): RoleProcess {
  const argv = ['stack', '--regtest', '--data', place('data'), ...options];
  const env = { ...process.env, HOME: place('home'), TMPDIR: place('temporary') };
  return new RoleProcess(SV2KIT, argv, place('here'), env);
}

/** Command lines of processes that have something to do with the folder. */
function running(): readonly string[] {
  const listed = execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' });
  return listed.split('\n').filter((command) => command.includes(folder));
}

/** Nothing runs any more, and nothing was written anywhere but below the data folder. */
function expectNothingLeft(...reports: string[]): void {
  expect(running()).toEqual([]);
  expect(['home', 'temporary', 'here'].map((name) => readdirSync(place(name)))).toEqual([[], [], reports]);
}

test('mines blocks in all ways there are, ends with 0, and both nodes hold every block of its report', async () => {
  const run = stack('--blocks', '4', '--paths', 'all', '--report', 'out.json');
  expect({ end: await run.end(STACK_MS), stderr: run.stderr }).toEqual({ end: { kind: 'exit', code: 0 }, stderr: '' });
  expectNothingLeft('out.json');
  const report = JSON.parse(readFileSync(join(place('here'), 'out.json'), 'utf8')) as Report;
  const latency = { p50: expect.any(Number), p99: expect.any(Number), unit: 'ms', samples: expect.any(Number) };
  expect(report).toEqual({
    ok: true,
    chain: 'regtest',
    dashboard: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/),
    blocks: report.blocks.map(({ height }) => ({
      height,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      path: expect.toSatisfy((path: string) => PATHS.includes(path)),
      via: expect.stringMatching(/^(sv1|sv2-standard|sv2-extended)$/),
      device: expect.stringMatching(/^device-[1-6]$/),
    })),
    shares: { accepted: expect.any(Number), rejected: expect.any(Object) },
    declared: { 'full-template': DECLARED, 'coinbase-only': DECLARED },
    roles: ROLES.map((name) => ({
      name,
      state: expect.any(String),
      reason: null,
      node: expect.toBeOneOf([null, 'rpc']),
    })),
    latency: expect.toSatisfy((named: object) => {
      for (const figures of Object.values(named)) expect(figures).toEqual(latency);
      return Object.keys(named).length > 0;
    }),
  });
  expect(report.blocks.length).toBeGreaterThanOrEqual(4);
  expect(new Set(report.blocks.map(({ path }) => path))).toEqual(new Set(PATHS));
  expect(new Set(report.blocks.map(({ via }) => via))).toEqual(new Set(['sv1', 'sv2-standard', 'sv2-extended']));

  for (const name of ['bitcoind', 'miner-bitcoind']) {
    await using node = await TestNode.start(join(place('data'), 'regtest'), 'regtest', { name });
    for (const { height, hash } of report.blocks) expect((await node.block(height)).hash).toBe(hash);
  }
});

test.each(['bitcoind', 'pool', 'jd-client'])(
  'is interrupted while its %s starts: 130, and nothing is left',
  async (role) => {
    const run = stack('--blocks', '1000');
    const starts = new RegExp(`^${role}\\b.*\\bstarting\\b`);
    await run.log.first(`${role} to start`, ({ message }) => starts.test(message), { ms: STACK_MS });
    run.signal('SIGINT');
    expect(await run.end()).toEqual({ kind: 'exit', code: 130 });
    expectNothingLeft();
  },
);

test('is interrupted while it mines: 130, and nothing is left', async () => {
  const run = stack('--blocks', '1000');
  await run.log.first('a block', ({ message }) => /\bblock \d+ /.test(message), { ms: STACK_MS });
  run.signal('SIGINT');
  expect(await run.end()).toEqual({ kind: 'exit', code: 130 });
  expectNothingLeft();
});

test('does not get there in time: 1', async () => {
  const run = stack('--blocks', '1000', '--deadline', '3');
  expect(await run.end()).toEqual({ kind: 'exit', code: 1 });
  expectNothingLeft();
});
