import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stackReport } from '../../src/stack/report.ts';
import { createScreen } from '../../src/stack/screens.ts';
import { addShares, declaredWork, fetchStatus, foundBlocks, readStatus, shareCounts } from '../../src/stack/status.ts';
import { briefLatency, declaredWords, hashrate, latency, roleLine } from '../../src/stack/wording.ts';
import { block, RecordingTerminal, role, status } from './support.ts';

describe('without a terminal', () => {
  test('a role is a line whenever its state or its reason changes, not whenever its figures do', () => {
    const terminal = new RecordingTerminal();
    const screen = createScreen(terminal, { json: false, columns: undefined });
    screen.show({ kind: 'role', role: role({ state: 'starting', detail: '' }) });
    screen.show({ kind: 'role', role: role() });
    screen.show({ kind: 'role', role: role({ detail: '127.0.0.1:3336, 3 channels' }) });
    screen.show({ kind: 'role', role: role({ state: 'degraded', reason: 'no template provider' }) });
    expect(terminal.lines).toEqual([
      'pool               starting',
      'pool               ok          127.0.0.1:3336, 2 channels',
      'pool               degraded    no template provider',
    ]);
  });

  test('the address of the dashboard is a line', () => {
    const terminal = new RecordingTerminal();
    const screen = createScreen(terminal, { json: false, columns: undefined });
    screen.show({ kind: 'dashboard', url: 'http://127.0.0.1:8080/' });
    expect(terminal.lines).toEqual(['Dashboard: http://127.0.0.1:8080/']);
  });

  test('an installation is a line per step', () => {
    const terminal = new RecordingTerminal();
    const screen = createScreen(terminal, { json: false, columns: undefined });
    for (const progress of ['0.0 of 18.9 MB', '9.1 of 18.9 MB']) {
      const installing = {
        name: 'bitcoind',
        state: 'installing',
        detail: 'downloading 28 packages',
        progress,
      } as const;
      screen.show({ kind: 'role', role: installing });
    }
    expect(terminal.lines).toEqual(['bitcoind           installing  downloading 28 packages']);
  });

  test('the status is told every ten seconds, with a line per role; a block is a line', () => {
    const terminal = new RecordingTerminal();
    const screen = createScreen(terminal, { json: false, columns: undefined });
    for (const elapsedSeconds of [5, 10, 15, 20.2]) screen.show({ kind: 'status', status: status({ elapsedSeconds }) });
    screen.show({ kind: 'block', block: block(7), count: 1, wanted: 5 });
    expect(terminal.lines).toEqual([
      '10 s; blocks 1 of 5 (height 7); shares 60 accepted, 2 rejected (stale-share 2); 1.61 MH/s; share to success p50 3.1 ms, p99 13 ms',
      '  pool               ok          127.0.0.1:3336, 2 channels',
      '20 s; blocks 1 of 5 (height 7); shares 60 accepted, 2 rejected (stale-share 2); 1.61 MH/s; share to success p50 3.1 ms, p99 13 ms',
      '  pool               ok          127.0.0.1:3336, 2 channels',
      `block 7 ${'7'.padStart(64, '0')} pool-template by device-1 over sv2-standard (1 of 5)`,
    ]);
  });

  test('a block beyond as many as wanted is not one of them', () => {
    const terminal = new RecordingTerminal();
    const screen = createScreen(terminal, { json: false, columns: undefined });
    for (const count of [2, 3]) screen.show({ kind: 'block', block: block(count), count, wanted: 2 });
    screen.show({ kind: 'block', block: block(4), count: 4 });
    expect(terminal.lines.map((line) => line.slice(line.indexOf('(')))).toEqual([
      '(2 of 2)',
      '(3, at least 2 wanted)',
      '(4)',
    ]);
  });

  test('what blocks are still wanted of is told, once there are as many as wanted', () => {
    const terminal = new RecordingTerminal();
    const screen = createScreen(terminal, { json: false, columns: undefined });
    screen.show({
      kind: 'status',
      status: status({ elapsedSeconds: 10, wanted: 1, awaited: ['solo', 'sv2-extended'] }),
    });
    expect(terminal.lines[0]).toContain('; blocks 1 of 1, still to come: solo, sv2-extended (height 7); ');
  });

  test('a failure goes to standard error', () => {
    const terminal = new RecordingTerminal();
    createScreen(terminal, { json: false, columns: undefined }).show({ kind: 'end', ok: false, text: 'it failed' });
    expect([terminal.written, terminal.complained]).toEqual(['', 'it failed\n']);
  });
});

test('for machines every event is a line of JSON', () => {
  const terminal = new RecordingTerminal();
  const screen = createScreen(terminal, { json: true, columns: undefined });
  screen.show({ kind: 'role', role: role() });
  screen.show({ kind: 'end', ok: true, text: 'done' });
  expect(terminal.lines.map((line): unknown => JSON.parse(line))).toEqual([
    { event: 'role', atMs: 1_700_000_000_000, role: role() },
    { event: 'end', atMs: 1_700_000_000_000, ok: true, text: 'done' },
  ]);
});

test('at a terminal the table is drawn over itself, never wider than the screen; blocks scroll by above it', () => {
  const terminal = new RecordingTerminal();
  const screen = createScreen(terminal, { json: false, columns: () => 50 });
  screen.show({ kind: 'role', role: role({ state: 'starting', detail: 'x'.repeat(80) }) });
  screen.show({ kind: 'status', status: status() });
  screen.show({ kind: 'block', block: block(7), count: 1 });
  screen.show({ kind: 'status', status: status({ latency: {} }) });
  screen.show({ kind: 'end', ok: true, text: 'done' });
  expect(shown(terminal.written)).toEqual([
    `block 7 ${'7'.padStart(64, '0')} pool-template by device-1 over sv2-standard`,
    '',
    'signet, height 7, 12 s. Times are p50/p99. Ctrl-C',
    '  pool               ok          127.0.0.1:3336, ',
    '  found: pool-template 1; over sv2-standard 1',
    '  blocks 1 of 5; shares 60 accepted, 2 rejected (',
    'done',
  ]);
});

/** What a terminal shows of such a text. */
function shown(text: string): string[] {
  const rows: string[] = [];
  let row = 0;
  for (const [token, moves] of text.replaceAll('\u001B', '␛').matchAll(/␛\[(\d*)[AK]|\n|[^␛\n]+/g)) {
    if (token === '\n') row += 1;
    else if (!token.startsWith('␛')) rows[row] = (rows[row] ?? '') + token;
    else if (token.endsWith('A')) row -= Number(moves);
    else rows[row] = '';
  }
  return rows;
}

test.each([
  [0, '0 H/s'],
  [999, '999 H/s'],
  [1_432, '1.43 kH/s'],
  [806_321, '806 kH/s'],
  [1_612_642, '1.61 MH/s'],
  [2e15, '2.00e+3 TH/s'],
])('%d hashes per second are %s', (value, text) => {
  expect(hashrate(value)).toBe(text);
});

test('a latency has two figures, or all of a whole number, and hundredths at the finest', () => {
  expect(briefLatency({ p50: 0.001, p99: 0.0149, unit: 'ms', samples: 1 })).toBe(', <0.01/0.01 ms');
  expect(briefLatency({ p50: 0.05, p99: 1.96, unit: 'ms', samples: 1 })).toBe(', 0.05/2.0 ms');
  expect(latency({ p50: 0.123, p99: 425.2, unit: 'ms', samples: 1 })).toBe('p50 0.12 ms, p99 425 ms');
  expect(briefLatency({ p50: 0.123, p99: 425.2, unit: 'ms', samples: 1 })).toBe(', 0.12/425 ms');
  expect(briefLatency(undefined)).toBe('');
});

test('how a role speaks to its bitcoind stands behind its address', () => {
  expect(roleLine(role({ node: 'ipc' }))).toBe('pool               ok          127.0.0.1:3336, ipc, 2 channels');
  expect(roleLine(role({ node: 'ipc', detail: '' }))).toBe('pool               ok');
});

test('the report holds what was agreed, and nothing else', () => {
  const declared = { 'full-template': { jobs: 2, shares: 31, work: 0.5, creditedWork: 0.25 } };
  const { blocks, shares, latency: figures } = status();
  const roles = [role({ node: 'ipc+rpc' }), role({ name: 'device-1', state: 'failed', reason: 'it ended' })];
  expect(stackReport(true, status({ roles, declared }))).toEqual({
    ok: true,
    chain: 'signet',
    dashboard: null,
    blocks,
    shares,
    declared,
    roles: [
      { name: 'pool', state: 'ok', reason: null, node: 'ipc+rpc' },
      { name: 'device-1', state: 'failed', reason: 'it ended', node: null },
    ],
    latency: figures,
  });
});

describe('a role’s status', () => {
  test('is read with what it lacks left out', () => {
    const latencies = { 'share-ack': { p50: 1.234_56, p99: 2, unit: 'ms', samples: 3 }, idle: { samples: 0 }, odd: 7 };
    expect(readStatus({ state: 'degraded', reason: 'why', latency: latencies, details: { a: 1 } })).toEqual({
      state: 'degraded',
      reason: 'why',
      isServing: false,
      latency: { 'share-ack': { p50: 1.235, p99: 2, unit: 'ms', samples: 3 } },
      details: { a: 1 },
    });
    expect(readStatus({ state: 'ok', serving: true })).toEqual({
      state: 'ok',
      isServing: true,
      latency: {},
      details: {},
    });
    expect(() => readStatus({ error: 'no' })).toThrow('not the status of a role');
  });

  test('is not taken from another process that has got the port', async () => {
    const server = createServer((_request, response) => response.end(JSON.stringify({ state: 'ok', pid: 7 })));
    onTestFinished(() => void server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(fetchStatus(port, 7)).resolves.toMatchObject({ state: 'ok' });
    await expect(fetchStatus(port, 8)).rejects.toThrow('of another process');
  });

  test('of the pool tells what was paid for of miners’ own jobs', () => {
    const work = { jobs: 2, shares: 31, work: 0.5, creditedWork: 0.25 };
    const details = { jobDeclaration: { byMode: { 'full-template': { ...work, partlyPaid: 1 }, odd: 7 } } };
    const none = { jobs: 0, shares: 0, work: 0, creditedWork: 0 };
    expect(declaredWork(details)).toEqual({ 'full-template': work, odd: none });
    expect(declaredWork({ jobDeclaration: null })).toEqual({});
    expect(declaredWords({ declared: declaredWork(details) })).toBe('; 31 shares on full-template jobs');
  });

  test('of the pool has blocks, oldest first, and shares', () => {
    const details = {
      blocks: [{ height: 2, hash: 'b', userIdentity: 'x' }, 'odd', { height: 1, hash: 'a', via: 'sv2-standard' }],
      shares: { accepted: 3, rejected: { 'stale-share': 1, odd: 'x' } },
    };
    expect(foundBlocks(details).map(({ hash }) => hash)).toEqual(['a', 'b']);
    expect(shareCounts(details)).toEqual({ accepted: 3, rejected: { 'stale-share': 1 } });
    expect(addShares([shareCounts(details), shareCounts({}), { accepted: 1, rejected: { 'stale-share': 2 } }])).toEqual(
      {
        accepted: 4,
        rejected: { 'stale-share': 3 },
      },
    );
    expect([foundBlocks({}), shareCounts({})]).toEqual([[], { accepted: 0, rejected: {} }]);
  });
});
