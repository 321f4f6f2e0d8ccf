import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findIpcNode, NO_IPC_NODE } from '@sv2kit/bitcoind';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StackReport } from '../../src/stack/report.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const workspaceCache = fileURLToPath(new URL('../../../../.cache', import.meta.url));

const ROLES = [
  ...[
    'bitcoind',
    'miner-bitcoind',
    'dashboard',
    'template-provider',
    'miner-templates',
    'pool',
    'jd-server',
    'jd-client',
  ],
  ...['translator', 'device-1', 'device-2', 'device-3', 'device-4'],
];
const WAYS = [
  'pool-template sv2-standard device-1',
  'pool-template sv2-extended device-2',
  'declared-full-template sv2-standard device-3',
  'pool-template sv1 device-4',
];

interface Line {
  readonly event: string;
  readonly role?: { readonly name: string; readonly state: string; readonly reason?: string };
  readonly ok?: boolean;
  readonly text?: string;
  readonly url?: string;
}

let folder = '';
let dataDir = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sv2kit-whole-'));
  dataDir = join(folder, 'data');
  mkdirSync(workspaceCache, { recursive: true });
  mkdirSync(dataDir);
  symlinkSync(workspaceCache, join(dataDir, 'cache'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** `sv2kit stack --regtest --json` as a process, and what it has said. */
class Running {
  readonly child: ChildProcess;
  readonly lines: Line[] = [];
  complained = '';
  readonly ended: Promise<number | null>;
  #waiting: { readonly until: (line: Line) => boolean; readonly resolve: (line: Line) => void }[] = [];

  constructor(...options: string[]) {
    const argv = [main, 'stack', '--regtest', '--json', '--data', dataDir, ...options];
    const child = spawn(process.execPath, argv, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    this.ended = once(child, 'close').then(([code]) => (typeof code === 'number' ? code : null));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.complained += text;
    });
    createInterface({ input: child.stdout }).on('line', (text) => this.#onLine(JSON.parse(text) as Line));
  }

  /** The first line, said or still to be said, that fulfils a wish. */
  until(wish: (line: Line) => boolean): Promise<Line> {
    const said = this.lines.find(wish);
    if (said !== undefined) return Promise.resolve(said);
    return Promise.race([
      new Promise<Line>((resolve) => this.#waiting.push({ until: wish, resolve })),
      this.ended.then((code) => {
        throw new Error(`the stack ended with ${code}: ${this.complained || this.lines.at(-1)?.text}`);
      }),
    ]);
  }

  #onLine(line: Line): void {
    this.lines.push(line);
    for (const { until, resolve } of this.#waiting) if (until(line)) resolve(line);
  }
}

/** The processes that were started with something below a folder. */
function processesOf(below: string): { readonly pid: number; readonly command: string }[] {
  const listed = execFileSync('ps', ['-A', '-o', 'pid=,args='], { encoding: 'utf8' });
  return listed
    .split('\n')
    .filter((line) => line.includes(below))
    .map((line) => ({ pid: Number.parseInt(line, 10), command: line.trim() }));
}

async function untilNothingRuns(): Promise<void> {
  while (processesOf(dataDir).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
}

const ipcNode = await findIpcNode();
if (ipcNode === undefined) console.log(`skipped: ${NO_IPC_NODE}`);

describe.skipIf(ipcNode === undefined)('the whole stack over IPC', { timeout: 240_000 }, () => {
  test.each([
    ['--ipc', 'ipc+rpc'],
    ['--ipc-only', 'ipc'],
  ])(
    '%s mines blocks of both sides, tells how each role speaks to its node, and leaves no socket',
    async (option, link) => {
      const report = join(folder, 'out.json');
      const few = ['--devices', '1', '--v1-devices', '0', '--deadline', '200'];
      const running = new Running(option, '--blocks', '2', '--report', report, ...few);
      expect({ code: await running.ended, complained: running.complained }).toEqual({ code: 0, complained: '' });
      const { ok, blocks, roles } = JSON.parse(readFileSync(report, 'utf8')) as StackReport;
      expect(ok).toBe(true);
      expect(new Set(blocks.map(({ path }) => path))).toEqual(new Set(['pool-template', 'declared-full-template']));
      const links = roles.flatMap(({ name, node }) => (node === null ? [] : [`${name} ${node}`]));
      const speakers = ['template-provider', 'miner-templates', 'pool', 'jd-server'];
      expect(links).toEqual(speakers.map((name) => `${name} ${link}`));
      const toml = readFileSync(join(dataDir, 'regtest', 'configs', 'pool.toml'), 'utf8');
      expect(toml.includes('http://')).toBe(link === 'ipc+rpc');
      expect(existsSync(join(dataDir, 'regtest', 'bitcoind', 'regtest', 'node.sock'))).toBe(false);
      expect(processesOf(dataDir)).toEqual([]);
    },
  );

  test('fails when a node is killed, saying which, and leaves nothing', async () => {
    const running = new Running('--ipc');
    await running.until(({ event }) => event === 'block');
    const node = processesOf(dataDir).find(({ command }) => command.includes('/miner-bitcoind '));
    process.kill(node?.pid ?? 0, 'SIGKILL');
    expect(await running.ended).toBe(1);
    expect(running.lines.at(-1)?.text).toMatch(/^sv2kit stack: miner-bitcoind failed: it ended: see .*debug\.log$/);
    expect(existsSync(join(dataDir, 'regtest', 'miner-bitcoind', 'regtest', 'node.sock'))).toBe(false);
    expect(processesOf(dataDir)).toEqual([]);
  });
});

describe('the whole stack on regtest', { timeout: 240_000 }, () => {
  test('mines blocks of the pool and of a miner, over both kinds of channel and Stratum V1, reports them, and leaves nothing running', async () => {
    const report = join(folder, 'out.json');
    const running = new Running('--blocks', '4', '--report', report, '--deadline', '200');
    expect({ code: await running.ended, complained: running.complained }).toEqual({ code: 0, complained: '' });
    const { ok, chain, blocks, shares, roles, latency } = JSON.parse(readFileSync(report, 'utf8')) as StackReport;
    expect({ ok, chain }).toEqual({ ok: true, chain: 'regtest' });
    expect(blocks.length).toBeGreaterThanOrEqual(4);
    // After the blocks whose rewards the payments spend.
    expect(blocks.map(({ height }) => height)).toEqual(blocks.map((_, index) => index + 121));
    const ways = new Set(blocks.map(({ via, device, path }) => `${path} ${via} ${device}`));
    expect([...ways].filter((way) => !WAYS.includes(way))).toEqual([]);
    expect(new Set(blocks.map(({ path }) => path))).toEqual(new Set(['pool-template', 'declared-full-template']));
    expect(new Set(blocks.map(({ via }) => via))).toEqual(new Set(['sv2-standard', 'sv2-extended', 'sv1']));
    expect(shares.accepted).toBeGreaterThanOrEqual(4);
    expect(roles.map(({ name, state, reason }) => `${name} ${state} ${reason}`)).toEqual(
      ROLES.map((name) => `${name} ok null`),
    );
    const answered = latency['pool.share-to-success'];
    expect(answered?.unit).toBe('ms');
    // The last share of each device may be on its way to the disk.
    expect(shares.accepted - (answered?.samples ?? 0)).toBeGreaterThanOrEqual(0);
    expect(shares.accepted - (answered?.samples ?? 0)).toBeLessThanOrEqual(WAYS.length);
    expect(latency['jd-client.template-to-acknowledged']?.samples).toBeGreaterThan(0);
    expect(running.lines.at(-1)).toMatchObject({ event: 'end', ok: true });
    expect(processesOf(dataDir)).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(['data', 'out.json']);
    const configs = ROLES.filter((name) => !name.endsWith('bitcoind')).map((name) => `${name}.toml`);
    expect(readdirSync(join(dataDir, 'regtest', 'configs')).sort()).toEqual(configs.sort());
  });

  test('mines through both directions of translation in a row: V2, V1, V2', async () => {
    const report = join(folder, 'out.json');
    const only = ['--no-dashboard', '--devices', '0', '--v1-devices', '0', '--v2-on-v1', '--paths', 'pool-template'];
    const running = new Running('--blocks', '2', '--report', report, '--deadline', '200', ...only);
    expect({ code: await running.ended, complained: running.complained }).toEqual({ code: 0, complained: '' });
    const { blocks, roles } = JSON.parse(readFileSync(report, 'utf8')) as StackReport;
    expect(blocks.map(({ path, via, device }) => `${path} ${via} ${device}`)).toEqual(
      blocks.map(() => 'pool-template sv2-on-v1 device-1'),
    );
    const names = ['bitcoind', 'template-provider', 'pool', 'translator', 'translator-to-v1', 'device-1'];
    expect(roles.map(({ name, state }) => `${name} ${state}`)).toEqual(names.map((name) => `${name} ok`));
  });

  test('has a dashboard that tells of every role, and goes on without it', async () => {
    const running = new Running();
    const { url } = await running.until(({ event }) => event === 'dashboard');
    await running.until(({ event }) => event === 'block');
    const shown = (await (await fetch(`${url}roles`)).json()) as { roles: { name: string; state: string }[] };
    const own = ROLES.filter((name) => !name.endsWith('bitcoind') && name !== 'dashboard');
    expect(shown.roles.map(({ name }) => name)).toEqual(own);
    expect(await (await fetch(`${url}roles/pool/api/v1/role`)).json()).toMatchObject({ name: 'pool' });
    const dashboard = processesOf(dataDir).find(({ command }) => command.includes('dashboard.toml'));
    process.kill(dashboard?.pid ?? 0, 'SIGKILL');
    await running.until(({ role }) => role?.name === 'dashboard' && role.state === 'failed');
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    expect(processesOf(dataDir)).toEqual([]);
  });

  test('stops at SIGTERM: every role as asked, exit code 0, nothing left', async () => {
    const running = new Running();
    await running.until(({ event }) => event === 'block');
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    for (const name of ROLES) {
      const last = running.lines.findLast((line) => line.event === 'role' && line.role?.name === name);
      expect(last?.role).toMatchObject({ name, state: 'stopped' });
    }
    expect(processesOf(dataDir)).toEqual([]);
  });

  test('fails when a role ends, saying which and why, and stops the others', async () => {
    const report = join(folder, 'out.json');
    const running = new Running('--blocks', '1000', '--report', report);
    await running.until(({ event, role }) => event === 'role' && role?.name === 'device-2' && role.state === 'ok');
    const pool = processesOf(dataDir).find(({ command }) => command.includes('pool.toml'));
    process.kill(pool?.pid ?? 0, 'SIGKILL');
    expect(await running.ended).toBe(1);
    expect(running.lines.at(-1)).toMatchObject({ event: 'end', ok: false });
    expect(running.lines.at(-1)?.text).toMatch(/pool failed: it was ended by SIGKILL: see .*pool\.log$/);
    const { ok, roles } = JSON.parse(readFileSync(report, 'utf8')) as StackReport;
    expect(ok).toBe(false);
    expect(roles.find(({ name }) => name === 'pool')?.state).toBe('failed');
    expect(processesOf(dataDir)).toEqual([]);
  });

  test('says that another stack has its folder, and leaves that one alone', async () => {
    const first = new Running();
    await first.until(({ event, role }) => event === 'role' && role?.name === 'bitcoind' && role.state === 'ok');
    const second = new Running();
    expect(await second.ended).toBe(1);
    expect(second.lines.at(-1)?.text).toMatch(/ Another stack runs in \S+: stop it, or give this one a folder /);
    await first.until(({ event }) => event === 'block');
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    expect(processesOf(dataDir)).toEqual([]);
  });

  test('takes every role with it when it is killed', async () => {
    const running = new Running();
    await running.until(({ event, role }) => event === 'role' && role?.name === 'pool' && role.state === 'ok');
    running.child.kill('SIGKILL');
    await running.ended;
    await untilNothingRuns();
  });

  test('says in one line what a bitcoind that does not run is', async () => {
    const running = new Running('--bitcoind', '/no/such/bitcoind');
    expect(await running.ended).toBe(1);
    expect(running.lines.at(-1)?.text).toMatch(/^sv2kit stack: \/no\/such\/bitcoind does not run: /);
  });

  test.each([
    ['--report', '.', /^sv2kit stack: --report \.: is a folder; a file is wanted\n$/],
    ['--report', 'file/out.json', /^sv2kit stack: --report file\/out\.json: cannot be written: E[^\n]+\n$/],
    ['--data', 'file', /^sv2kit stack: --data file: \/[^\n]+ cannot be made: ENOTDIR[^\n]+\n$/],
  ])('says in one line, before anything starts, what is wrong with %s %s', async (option, value, words) => {
    writeFileSync(join(folder, 'file'), '');
    const running = new Running(option, value);
    expect(await running.ended).toBe(1);
    const said = running.lines.map(({ text }) => `${text}\n`).join('');
    expect(running.complained + said).toMatch(words);
  });

  test('that does not get there in time fails', async () => {
    const running = new Running('--blocks', '100000', '--deadline', '1');
    expect(await running.ended).toBe(1);
    expect(running.lines.at(-1)?.text).toMatch(
      /^sv2kit stack: not done within 1 s: blocks 0 of 100000(?:; the [a-z-]+ is not ready: .+)?$/,
    );
  });
});
