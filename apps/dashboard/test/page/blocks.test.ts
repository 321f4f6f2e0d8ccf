import type { BlockView } from '@sv2kit/monitor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BlockSource, mergeBlocks } from '../../src/page/pages/blocks/merge-blocks.ts';
import { finder } from '../../src/page/pages/blocks/words.ts';

const hash = (n: number): string => n.toString(16).padStart(64, '0');
const block = (more: Partial<BlockView> = {}): BlockView => ({
  hash: hash(1),
  status: 'found',
  foundAtMs: 1000,
  height: 7,
  ...more,
});
const source = (kind: string, ...blocks: BlockView[]): BlockSource => ({ role: kind, kind, blocks });
const STATUSES = ['found', 'submitted', 'accepted', 'confirmed', 'matured', 'orphaned', 'rejected'] as const;

describe('blocks of several roles', () => {
  test('a block that pool, job declarator client and template provider tell of is one block', () => {
    const [only, ...more] = mergeBlocks([
      source('pool', block({ status: 'confirmed', worker: 'stack.device-3', user: 'stack', via: 'sv2-extended' })),
      source('jd-client', block({ status: 'accepted', worker: 'device-3', user: 'stack', via: 'sv2-standard' })),
      source('template-provider', block({ status: 'accepted', foundAtMs: 998 })),
    ]);
    expect(more).toEqual([]);
    expect(only).toMatchObject({ status: 'confirmed', worker: 'device-3', via: 'sv2-standard', foundAtMs: 998 });
    expect(only?.seenBy).toEqual(['pool', 'jd-client', 'template-provider']);
  });

  test('the side that pays tells what a block is worth, and a translator does not hide whose template it is', () => {
    const [only] = mergeBlocks([
      source('translator', block({ path: 'upstream', via: 'v1', worker: 'device-6', user: 'stack', effort: 9 })),
      source('pool', block({ path: 'pool-template', via: 'sv2-extended', effort: 2, revenue: 5 })),
    ]);
    expect(only).toMatchObject({ path: 'pool-template', via: 'v1', effort: 2, revenue: 5, worker: 'device-6' });
  });

  test('a block that one role has orphaned and another confirmed is disputed', () => {
    const [only] = mergeBlocks([
      source('jd-client', block({ status: 'confirmed', confirmations: 2 })),
      source('pool', block({ status: 'orphaned', reason: 'another block at its height', confirmations: 0 })),
    ]);
    expect(only).toMatchObject({ status: 'orphaned', reason: 'another block at its height', confirmations: 0 });
    expect(only?.disputedBy).toEqual([{ role: 'jd-client', status: 'confirmed' }]);
  });

  test('a node that takes a block outweighs one that refuses it, and the chain outweighs both', () => {
    const statusOf = (...statuses: BlockView['status'][]) =>
      mergeBlocks(statuses.map((status, at) => ({ role: `r${at}`, kind: `r${at}`, blocks: [block({ status })] })))[0]
        ?.status;
    expect(statusOf('rejected', 'accepted')).toBe('accepted');
    expect(statusOf('accepted', 'orphaned')).toBe('orphaned');
    expect(statusOf('confirmed', 'matured')).toBe('matured');
    expect(statusOf('found', 'submitted')).toBe('submitted');
  });

  test('a block is as deep in the chain as those above it say, whoever told of it and when', () => {
    const deep = mergeBlocks([
      source('jd-client', block({ hash: hash(2), status: 'confirmed', confirmations: 1, height: 5 })),
      source('pool', block({ status: 'confirmed', confirmations: 3, height: 9 })),
    ]);
    expect(deep.map(({ height, confirmations }) => [height, confirmations])).toEqual([
      [9, 3],
      [5, 5],
    ]);
  });

  test('every block comes exactly once, the highest first, whatever the roles tell', () => {
    const blocks = fc.array(
      fc.record({
        hash: fc.integer({ min: 0, max: 12 }).map(hash),
        status: fc.constantFrom(...STATUSES),
        foundAtMs: fc.integer({ min: 0, max: 99 }),
        height: fc.integer({ min: 0, max: 9 }),
      }),
    );
    const sources = fc.array(
      fc.record({ role: fc.string(), kind: fc.constantFrom('pool', 'jd-client', 'jd-server', 'other'), blocks }),
    );
    fc.assert(
      fc.property(sources, (given) => {
        const merged = mergeBlocks(given);
        const hashes = merged.map((one) => one.hash);
        expect(new Set(hashes).size).toBe(hashes.length);
        expect(new Set(hashes)).toEqual(new Set(given.flatMap((one) => one.blocks.map((b) => b.hash))));
        const heights = merged.map(({ height }) => height ?? -1);
        expect(heights).toEqual([...heights].sort((a, b) => b - a));
      }),
    );
  });
});

test('who found it is told with the account once', () => {
  expect(finder({ user: 'bob', worker: 'rig' })).toBe('bob.rig');
  expect(finder({ user: 'bob', worker: 'bob.rig' })).toBe('bob.rig');
  expect(finder({ user: 'bob', worker: '' })).toBe('bob');
  expect(finder({})).toBeUndefined();
});
