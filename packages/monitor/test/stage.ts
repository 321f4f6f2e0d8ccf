import { type IncomingMessage, request, type RequestOptions } from 'node:http';
import { onTestFinished } from 'vitest';
import {
  Events,
  type HealthView,
  type Monitor,
  type MonitorClock,
  type MonitorOptions,
  openMonitor,
  pageOf,
  type RoleApi,
} from '../src/index.ts';

/** Time that moves when told to. */
export class StageClock implements MonitorClock {
  #nowMs = 1_700_000_000_000;
  readonly #timers = new Set<{ dueMs: number; readonly everyMs: number | undefined; readonly run: () => void }>();

  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#nowMs;
  }

  every(ms: number, run: () => void): Disposable {
    return this.#add(ms, ms, run);
  }

  after(ms: number, run: () => void): Disposable {
    return this.#add(ms, undefined, run);
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const timer of [...this.#timers]) {
      while (timer.dueMs <= this.#nowMs && this.#timers.has(timer)) {
        if (timer.everyMs === undefined) this.#timers.delete(timer);
        else timer.dueMs += timer.everyMs;
        timer.run();
      }
    }
  }

  #add(ms: number, everyMs: number | undefined, run: () => void): Disposable {
    const timer = { dueMs: this.#nowMs + ms, everyMs, run };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }
}

const hashrate = { oneMinute: 1, tenMinutes: 2, oneHour: 3, oneDay: 4.5 };
const shared = { user: 'alice', worker: 'rig1', hashrate, accepted: 5, rejected: { 'stale-share': 1 }, work: 12.5 };
const HASH = 'ab'.repeat(32);

/** A role that has everything. */
export const EVERYTHING: Required<RoleApi> = {
  channels: (page) =>
    pageOf(
      Array.from({ length: 2500 }, (_, id) => id),
      page,
      (channelId) => ({
        connection: 7,
        channelId,
        kind: 'extended',
        ...shared,
        device: 'acme 1',
        remote: '203.0.113.9',
        difficulty: 1e-3,
        bestDifficulty: 3,
        openedAtMs: 1,
        jobId: 2,
      }),
    ),
  workers: (query) => ({
    total: 1,
    items: [
      {
        name: 'alice.rig1',
        ...shared,
        bestDifficulty: 3,
        channels: 1,
        state: query.sort === 'best' ? 'idle' : 'active',
      },
    ],
  }),
  worker: (name) =>
    name === 'alice.rig/1'
      ? { name, ...shared, bestDifficulty: 3, channels: 1, state: 'gone', history: [] }
      : undefined,
  history: ({ hours }) => ({
    stepSeconds: 60,
    kept: 'memory',
    points: [{ fromMs: hours, seconds: 60, accepted: 1, rejected: 0, work: 2, hashrate: Number.NaN }],
  }),
  listens: () => [{ part: 'a', protocol: 'mining', host: '0.0.0.0', port: 34254 }],
  shares: () => ({ accepted: 1, rejected: {}, work: 1, bestDifficulty: 2, hashrate, blocks: 0, luck: Number.NaN }),
  jobs: () => ({ total: 1, items: [{ id: '1', origin: 'pool', state: 'active', createdAtMs: 5, prevHash: HASH }] }),
  job: (id) =>
    id === '1'
      ? {
          id,
          origin: 'declared',
          state: 'active',
          createdAtMs: 5,
          coinbaseOutputs: [{ value: 5, script: '6a', address: 'none' }],
          transactionList: [{ txid: HASH, fee: 7 }],
          coinbase: { prefix: '01', suffix: '02', tag: 'sv2kit' },
        }
      : undefined,
  template: (id) =>
    id === '1' ? { id, state: 'active', transactionList: [{ txid: HASH, wtxid: HASH }], cut: true } : undefined,
  templates: () => ({ total: 1, items: [{ id: '18446744073709551615', state: 'future', height: 8 }] }),
  blocks: () => ({ total: 1, items: [{ hash: HASH, status: 'confirmed', foundAtMs: 3, revenue: 5_000_000_000 }] }),
  upstreams: () => [{ name: 'node', kind: 'node', state: 'ok', stats: { tipHeight: 5, chain: null, isFast: true } }],
  peers: () => ({
    total: 1,
    items: [{ connection: 7, remote: '203.0.113.9', protocol: 'mining', device: 'acme', channels: 1, sinceMs: 4 }],
  }),
  connections: () => ({
    total: 1,
    items: [
      { id: '7', peer: 7, direction: 'in', protocol: 'mining', remote: '203.0.113.9', sinceMs: 4, extensions: [2] },
    ],
  }),
  payouts: () => ({ mode: 'pplns', total: 1, items: [{ account: 'alice', amount: 5, state: 'due' }] }),
  ledger: () => ({ journal: { state: 'ok', position: 9, watermark: 9 } }),
};

export interface Stage {
  readonly monitor: Monitor;
  readonly base: string;
  readonly events: Events;
  readonly clock: StageClock;
  readonly errors: unknown[];
  health: HealthView;
}

/** A surface of a role; closed when the test is over. */
export async function stage(api: RoleApi = EVERYTHING, options: Partial<MonitorOptions> = {}): Promise<Stage> {
  const clock = new StageClock();
  const events = new Events({ now: () => clock.now() });
  const errors: unknown[] = [];
  const health: HealthView = { state: 'ok', serving: true, conditions: [] };
  const monitor = await openMonitor({
    address: { host: '127.0.0.1', port: 0 },
    name: 'pool',
    version: '1.2.3',
    startedAtMs: clock.now(),
    clock,
    events,
    log: { debug() {}, error: (_, fields) => void errors.push(fields?.['error']) },
    metricsText: () => Promise.resolve('up 1\n'),
    health: () => made.health,
    status: () => Promise.resolve({ big: 1n }),
    api: () => api,
    redact: (text) => text.replace(/\d+$/, 'x'),
    ...options,
  });
  const made: Stage = { monitor, base: `http://127.0.0.1:${monitor.address.port}`, events, clock, errors, health };
  onTestFinished(() => monitor.close());
  return made;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Asks as whoever; a plain client, so that nothing is added to the headers. */
export function ask({ base }: Pick<Stage, 'base'>, path: string, options: RequestOptions = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const asking = request(base, { path, agent: false, ...options }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    response.on('error', reject);
  });
  asking.on('error', reject).end();
  return promise;
}

/** The answer as data. */
export async function json(at: Pick<Stage, 'base'>, path: string): Promise<Record<string, unknown>> {
  return JSON.parse((await ask(at, path)).text);
}
