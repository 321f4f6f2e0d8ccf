import { describe, expect, test } from 'vitest';
import { resourcesChangedBy } from '../../src/page/data/changes.ts';
import { eventTone, eventWords } from '../../src/page/data/event-words.ts';
import { latestOf } from '../../src/page/data/latest.ts';
import { blockTimeMs, latencyRows, networkDifficulty, workerCounts } from '../../src/page/data/status.ts';
import { tipOf } from '../../src/page/data/tip.ts';
import { event } from './stage.ts';

const [a, b] = ['aa'.repeat(32), 'bb'.repeat(32)];

describe('what happened lately', () => {
  const found = event('block-found', { hash: a, height: 9, user: 'u', worker: 'w', atMs: 3 });
  const events = [event('job', { origin: 'pool', atMs: 5 }), found, { ...found, role: 'translator', atMs: 4 }];

  test('is a block once, however many roles tell of it, and no routine', () => {
    expect(latestOf(events, { most: 8, withRoutine: false })).toEqual([found]);
    expect(latestOf(events, { most: 8, withRoutine: true }).map(({ type }) => type)).toEqual(['job', 'block-found']);
  });

  test('is a block by who knows who found it, and no name where nobody does', () => {
    const unnamed = event('block-found', { hash: a, height: 9, role: 'template-provider', atMs: 1 });
    expect(latestOf([unnamed, found], { most: 8, withRoutine: false })).toEqual([found]);
    expect(eventWords(unnamed)).toBe('Block 9 found');
  });

  test('is a lost block, though what becomes of blocks is routine', () => {
    const lost = event('block-status', { hash: a, height: 9, status: 'orphaned' });
    const fine = event('block-status', { hash: a, height: 9, status: 'confirmed' });
    expect(latestOf([lost, fine], { most: 8, withRoutine: false })).toEqual([lost]);
    expect(eventTone(lost)).toBe('bad');
  });

  test('is told in sentences in which nothing hides', () => {
    expect(eventWords(found)).toBe('Block 9 found by u.w');
    expect(eventWords(event('worker-gone', { user: 'x\u202e', worker: '' }))).toBe('x\uFFFD is gone');
    expect(eventWords(event('worker-back', { user: '', worker: '', awayMs: 61_000 }))).toBe(
      'somebody is back after 1 min 1 s',
    );
    expect(eventWords(event('condition', { name: 'ledger', ok: false, reason: 'disk full' }))).toBe(
      'ledger is not met: disk full',
    );
  });

  test('says what is asked for anew', () => {
    expect(resourcesChangedBy(found)).toEqual(['blocks', 'shares']);
    expect(resourcesChangedBy(event('best-share', {}))).toEqual([]);
  });
});

describe('a role’s status', () => {
  const sample = { p50: 1, p99: 2, max: 3, unit: 'ms', samples: 4 };

  test('has latencies: those of its work first, the process last, without those never measured', () => {
    const latency = { 'event-loop-delay': sample, 'fan-out': { ...sample, samples: 0 }, 'share-to-success': sample };
    expect(latencyRows({ latency }).map(({ step }) => step)).toEqual(['share-to-success', 'event-loop-delay']);
    expect(latencyRows(undefined)).toEqual([]);
  });

  test('has workers by state', () => {
    const counters = { 'sv2_pool_workers{state="active"}': 6, 'sv2_pool_workers{state="gone"}': 1 };
    expect(workerCounts({ counters })).toEqual({ active: 6, idle: 0, gone: 1 });
    expect(workerCounts({})).toBeUndefined();
  });

  test('has the network’s difficulty, which says how long a block takes', () => {
    expect(networkDifficulty({ details: { work: { networkDifficulty: 2 } } })).toBe(2);
    expect(networkDifficulty({ counters: { sv2_pool_network_difficulty: 3 } })).toBe(3);
    expect(blockTimeMs(2 ** 32, 600)).toBe(600_000);
    expect(blockTimeMs(0, 600)).toBeUndefined();
  });
});

describe('the tip', () => {
  const heard = [event('tip', { hash: a, height: 8, atMs: 1 }), event('tip', { hash: b, height: 9, atMs: 2 })];

  test('is what is built on, since it was first heard of', () => {
    expect(tipOf([{ height: 9, prevHash: a }], heard)).toEqual({ hash: a, height: 8, atMs: 1 });
    expect(tipOf([{ height: 11, prevHash: 'cc' }], heard)).toEqual({ hash: 'cc', height: 10 });
  });

  test('is the last one told where nothing is built on one', () => {
    expect(tipOf([], heard)).toEqual({ hash: b, height: 9, atMs: 2 });
    expect(tipOf([], [])).toEqual({});
  });
});
