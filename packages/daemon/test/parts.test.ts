import { describe, expect, test } from 'vitest';
import {
  createMetrics,
  Health,
  Latencies,
  LatencyRecorder,
  nearest,
  openLogger,
  parseAddress,
  Secret,
  VirtualClock,
} from '../src/index.ts';

describe('VirtualClock', () => {
  test('runs timers in order of due time, each at its own time', () => {
    const clock = new VirtualClock(0);
    const ran: string[] = [];
    clock.after(30, () => ran.push(`once at ${clock.now()}`));
    using ticks = clock.every(20, () => ran.push(`tick at ${clock.now()}`));
    clock.advance(50);
    expect(ran).toEqual(['tick at 20', 'once at 30', 'tick at 40']);
    expect(clock.now()).toBe(50);
    ticks[Symbol.dispose]();
    expect(clock.pending).toBe(0);
  });

  test('a disposed timer does not run, not even when disposed by an earlier one of the same instant', () => {
    const clock = new VirtualClock(0);
    const ran: number[] = [];
    clock.after(10, () => second[Symbol.dispose]());
    const second = clock.after(10, () => ran.push(2));
    clock.advance(100);
    expect(ran).toEqual([]);
  });

  test('a repeating timer that disposes itself stops', () => {
    const clock = new VirtualClock(0);
    let ticks = 0;
    const timer = clock.every(1, () => {
      ticks++;
      timer[Symbol.dispose]();
    });
    clock.advance(10);
    expect(ticks).toBe(1);
  });

  test('lets promises settle between timers when advanced asynchronously', async () => {
    const clock = new VirtualClock(0);
    const ran: string[] = [];
    clock.after(
      1,
      () => void Promise.resolve().then(() => clock.after(1, () => ran.push(`chained at ${clock.now()}`))),
    );
    await clock.advanceAsync(5);
    expect(ran).toEqual(['chained at 2']);
  });
});

describe('logger', () => {
  function lines(format: 'json' | 'pretty', level: 'info' | 'debug' = 'info') {
    const written: string[] = [];
    const opened = openLogger({ name: 'x', level, format, destination: { write: (line) => void written.push(line) } });
    return { written, log: opened.log };
  }

  test('writes a constant sentence with fields as JSON, and nothing below its level', () => {
    const { written, log } = lines('json');
    log.child({ peer: 7 }).info('share accepted', { work: 12n, hash: Uint8Array.of(1, 255) });
    log.debug('unseen');
    expect(written.map((line) => JSON.parse(line))).toMatchObject([
      { name: 'x', level: 30, peer: 7, msg: 'share accepted', work: '12', hash: '01ff' },
    ]);
  });

  test('does not hand what a peer wrote to the terminal as commands', () => {
    const { written, log } = lines('pretty');
    const text = 'a\u001b[2J\u009b31m\u007f\\u001b\r\b\u0007';
    log.info('seen', { text, error: Object.assign(new Error(text), { stack: `Error: ${text}\n    at somewhere` }) });
    expect(written.join('')).not.toMatch(/[^\n\P{Cc}]/u);
    expect(written.join('')).toContain(String.raw`a?[2J?31m?\\u001b`);
    expect(written.join('')).toContain('    at somewhere');
  });

  test('keeps secrets out of the log', () => {
    const { written, log } = lines('json');
    log.info('config', {
      password: 'p',
      rpc: { password: 'q', cookie: 'r' },
      key: new Secret('s'),
      nested: { k: new Secret('t') },
    });
    expect(JSON.parse(written[0] ?? '')).toMatchObject({
      password: '[redacted]',
      rpc: { password: '[redacted]', cookie: '[redacted]' },
      key: '[redacted]',
      nested: { k: '[redacted]' },
    });
  });

  test('logs errors with stack, details and cause', () => {
    const { written, log } = lines('json');
    const error = Object.assign(new Error('outer', { cause: new Error('inner') }), { code: 'E_X', details: { n: 1n } });
    log.error('failed', { error });
    expect(JSON.parse(written[0] ?? '')).toMatchObject({
      error: { name: 'Error', message: 'outer', code: 'E_X', details: { n: '1' }, cause: { message: 'inner' } },
    });
  });

  test('writes readable lines where a person reads', () => {
    const { written, log } = lines('pretty');
    log.info('started', { port: 1 });
    expect(written.join('')).toMatch(/INFO.*: started \{"port":1\}\n/);
  });
});

test('metrics count by label and appear in the snapshot and in the Prometheus text', async () => {
  const metrics = createMetrics();
  const shares = metrics.counter('sv2_shares_total', 'Shares.', ['outcome']);
  shares.inc({ outcome: 'accepted' });
  shares.bind({ outcome: 'accepted' }).inc(2);
  metrics.counter('sv2_plain_total', 'Plain.').inc();
  metrics.gauge('sv2_level', 'Level.', [], () => 5);
  metrics.gauge('sv2_channels', 'Channels.', ['kind']).set(3, { kind: 'standard' });
  metrics.histogram('sv2_ack_seconds', 'Ack.', [0.1, 1]).observe(0.5);
  expect(await metrics.snapshot()).toMatchObject({
    'sv2_shares_total{outcome="accepted"}': 3,
    sv2_plain_total: 1,
    sv2_level: 5,
    'sv2_channels{kind="standard"}': 3,
  });
  expect(await metrics.text()).toContain('sv2_ack_seconds_bucket{le="1"} 1');
});

test('a series is asked for when somebody looks, and what is gone is forgotten', async () => {
  const metrics = createMetrics();
  const workers = new Map([['alice', 5]]);
  metrics.series('sv2_worker_hashes_per_second', 'Per worker.', ['worker'], () =>
    Array.from(workers, ([worker, rate]) => [{ worker }, rate] as const),
  );
  expect(await metrics.snapshot()).toEqual({ 'sv2_worker_hashes_per_second{worker="alice"}': 5 });
  workers.clear();
  workers.set('bob', 7);
  expect(await metrics.text()).toContain('sv2_worker_hashes_per_second{worker="bob"} 7');
  expect(await metrics.snapshot()).toEqual({ 'sv2_worker_hashes_per_second{worker="bob"}': 7 });
});

test('the figures are what the Prometheus text format allows, whatever a worker is called and a level is', async () => {
  const metrics = createMetrics();
  const worker = 'a"b\\c\nd\r\u2028';
  metrics.series('sv2_worker_hashrate', 'Hashes\nper second.', ['worker'], () => [
    [{ worker }, Number.NaN],
    [{ worker: 'twice' }, 1],
    [{ worker: 'twice' }, Number.POSITIVE_INFINITY],
  ]);
  const lines = (await metrics.text()).split('\n').filter((line) => line !== '');
  expect(lines).toEqual([
    '# HELP sv2_worker_hashrate Hashes\\nper second.',
    '# TYPE sv2_worker_hashrate gauge',
    'sv2_worker_hashrate{worker="a\\"b\\\\c\\nd\r\u2028"} NaN',
    'sv2_worker_hashrate{worker="twice"} +Inf',
  ]);
});

test('a metric whose name does not say what it is is a bug', () => {
  const metrics = createMetrics();
  expect(() => metrics.counter('sv2_shares', '')).toThrow('sv2_shares is no name for a counter');
  expect(() => metrics.gauge('sv2_shares_total', '')).toThrow('no name for a gauge');
  expect(() => metrics.histogram('sv2_ack_ms', '', [1])).toThrow('no name for a histogram');
  expect(() => metrics.gauge('channels', '')).toThrow('no name for a gauge');
});

test('latencies are reported as percentiles in milliseconds', () => {
  const latencies = new Latencies();
  const recorder = latencies.recorder('ack');
  expect(recorder.summary()).toEqual({ p50: 0, p99: 0, max: 0, unit: 'ms', samples: 0 });
  for (let i = 1; i <= 100; i++) recorder.record(i);
  const { p50, p99, samples } = latencies.summary()['ack'] ?? new LatencyRecorder().summary();
  expect(samples).toBe(100);
  expect(p50).toBeCloseTo(50, 0);
  expect(p99).toBeCloseTo(99, 0);
});

describe('health', () => {
  test('is that of its worst condition, with reasons, and says when it changes', () => {
    const clock = new VirtualClock(1000);
    const health = new Health(clock);
    const node = health.condition('node');
    health.started();
    const changes: string[] = [];
    health.onChange(({ name, ok }) => changes.push(`${name} ${ok}`));
    expect(health.report()).toMatchObject({ state: 'degraded', reason: 'node: not yet known' });
    clock.advance(10);
    node.ok();
    node.ok();
    expect(health.report()).toEqual({
      state: 'ok',
      serving: true,
      conditions: [{ name: 'node', ok: true, sinceMs: 1010 }],
    });
    node.failing('connection refused');
    expect(health.report().reason).toBe('node: connection refused');
    node.remove();
    expect(health.report().state).toBe('ok');
    health.stopping();
    expect(health.report().state).toBe('stopping');
    expect(changes).toEqual(['node true', 'node false']);
  });
});

test('a service serves without what it merely lacks, and says so', () => {
  const health = new Health(new VirtualClock(0));
  const [store, spare] = [health.condition('store'), health.condition('spare')];
  expect(health.report().serving).toBe(false);
  health.started();
  const changes: string[] = [];
  health.onChange(({ name, reason = 'ok', serving }) => changes.push(`${name} ${reason} ${serving === true}`));
  store.ok();
  spare.lacking('away');
  expect(health.report()).toMatchObject({ state: 'degraded', serving: true, reason: 'spare: away' });
  spare.failing('away');
  expect(health.report()).toMatchObject({ state: 'degraded', serving: false });
  spare.ok();
  store.failing('full');
  expect(health.report()).toMatchObject({ state: 'degraded', serving: false, reason: 'store: full' });
  health.stopping();
  expect(health.report().serving).toBe(false);
  expect(changes).toEqual([
    'store ok false',
    'spare away true',
    'spare away false',
    'spare ok false',
    'store full false',
  ]);
});

test.each([
  ['lisen', ['listen', 'log'], 'listen'],
  ['stcak', ['stack', 'keys'], 'stack'],
  ['KEYS', ['stack', 'keys'], 'keys'],
  ['completely', ['stack', 'keys'], undefined],
  ['a', ['b', 'c'], undefined],
])('nearest(%s) of %j is %s', (word, choices, meant) => {
  expect(nearest(word, choices)).toBe(meant);
});

test('parseAddress keeps an IPv6 host without its brackets', () => {
  expect(parseAddress('[2001:db8::1]:80')).toEqual({ host: '2001:db8::1', port: 80 });
});
