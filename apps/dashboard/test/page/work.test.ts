import type { TransactionView } from '@sv2kit/monitor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { difference } from '../../src/page/pages/work/difference.ts';
import { BAND_EDGES, feeBands } from '../../src/page/pages/work/fee-bands.ts';
import { defaultPair, type RoleWork, sourcesOf, workRows } from '../../src/page/pages/work/sources.ts';
import { chooseRows, feeRate, pageOf } from '../../src/page/pages/work/transactions.ts';
import { treemap } from '../../src/page/pages/work/treemap.ts';

const txid = (n: number): string => n.toString(16).padStart(64, '0');
const transaction = fc
  .record({
    n: fc.integer({ min: 0, max: 20 }),
    fee: fc.option(fc.nat(10_000)),
    weight: fc.option(fc.integer({ min: 1, max: 4000 })),
  })
  .map(
    ({ n, fee, weight }): TransactionView => ({
      txid: txid(n),
      ...(fee !== null && { fee }),
      ...(weight !== null && { weight }),
    }),
  );
const list = fc.uniqueArray(transaction, { selector: (one) => one.txid });

describe('the difference of two templates', () => {
  test('each transaction of either side is in exactly one part', () => {
    fc.assert(
      fc.property(list, list, (mine, theirs) => {
        const { onlyMine, onlyTheirs, both } = difference(mine, theirs);
        const ids = (some: readonly TransactionView[]) => some.map((one) => one.txid);
        expect(ids([...onlyMine.transactions, ...both.transactions]).sort()).toEqual(ids(mine).sort());
        expect(ids([...onlyTheirs.transactions, ...both.transactions]).sort()).toEqual(ids(theirs).sort());
      }),
    );
  });

  test('is the same from the other side', () => {
    fc.assert(
      fc.property(list, list, (mine, theirs) => {
        const here = difference(mine, theirs);
        const there = difference(theirs, mine);
        expect(there.onlyMine).toEqual(here.onlyTheirs);
        expect(there.onlyTheirs).toEqual(here.onlyMine);
        expect(new Set(there.both.transactions.map((one) => one.txid))).toEqual(
          new Set(here.both.transactions.map((one) => one.txid)),
        );
      }),
    );
  });

  test('no fee that is known is lost, and none that is not is counted as nothing', () => {
    const { both, onlyMine } = difference(
      [{ txid: txid(1) }, { txid: txid(2), fee: 5 }, { txid: txid(3) }],
      [{ txid: txid(1), fee: 7, weight: 400 }],
    );
    expect(both).toEqual({
      transactions: [{ txid: txid(1), fee: 7, weight: 400 }],
      fees: 7,
      feesUnknown: 0,
      weight: 400,
    });
    expect(onlyMine).toMatchObject({ fees: 5, feesUnknown: 1, weight: 0 });
  });
});

describe('a list of transactions', () => {
  test('is found by any part of an id, and sorted with what is not known at the end', () => {
    const some: TransactionView[] = [
      { txid: txid(0xa1), fee: 100, weight: 400 },
      { txid: txid(0xb2), wtxid: txid(0xa9) },
      { txid: txid(0xc3), fee: 900, weight: 400 },
    ];
    const places = (search: string, sort: 'order' | 'feerate') =>
      chooseRows(some, { search, sort }).map(({ place }) => place);
    expect(places('', 'order')).toEqual([1, 2, 3]);
    expect(places('', 'feerate')).toEqual([3, 1, 2]);
    expect(places(' A', 'order')).toEqual([1, 2]);
  });

  test('a fee rate is satoshis per virtual byte', () => {
    expect(feeRate({ txid: txid(1), fee: 141, weight: 561 })).toBeCloseTo(1.005, 3);
    expect(feeRate({ txid: txid(1), fee: 0, weight: 400 })).toBe(0);
    expect(feeRate({ txid: txid(1), weight: 400 })).toBeUndefined();
  });

  test('its pages hold every row once', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 9 }), (rows, size) => {
        const { pages } = pageOf(rows, 0, size);
        expect(Array.from({ length: pages }, (_, at) => pageOf(rows, at, size).rows).flat()).toEqual(rows);
        expect(pageOf(rows, pages + 3, size).page).toBe(pages - 1);
      }),
    );
  });
});

test('bands hold each transaction with a fee rate once, in the band of its rate', () => {
  fc.assert(
    fc.property(list, (some) => {
      const bands = feeBands(some);
      expect(bands).toHaveLength(BAND_EDGES.length);
      for (const { from, below, count } of bands) {
        const inside = some.map(feeRate).filter((rate) => rate !== undefined && rate >= from && rate < below);
        expect(count).toBe(inside.length);
      }
    }),
  );
});

describe('the picture of a template', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 4000 }), { minLength: 1, maxLength: 60 });
  const side = fc.integer({ min: 10, max: 900 });

  test('has a tile in proportion for each size, inside its frame', () => {
    fc.assert(
      fc.property(sizes, side, side, (given, width, height) => {
        const total = given.reduce((sum, size) => sum + size, 0);
        const tiles = treemap(given, width, height);
        expect(tiles).toHaveLength(given.filter((size) => size > 0).length);
        for (const { index, x, y, width: w, height: h } of tiles) {
          expect(w * h).toBeCloseTo(((given[index] ?? 0) * width * height) / total, 3);
          expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
          expect(x + w).toBeLessThanOrEqual(width + 1e-6);
          expect(y + h).toBeLessThanOrEqual(height + 1e-6);
        }
      }),
    );
  });

  test('no two tiles lie over each other', () => {
    fc.assert(
      fc.property(sizes, side, side, (given, width, height) => {
        const tiles = treemap(given, width, height);
        for (const [at, a] of tiles.entries()) {
          for (const b of tiles.slice(at + 1)) {
            const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
            const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
            expect(across > 1e-6 && down > 1e-6).toBe(false);
          }
        }
      }),
    );
  });
});

describe('what one can look into', () => {
  const job = (id: string, more: object = {}) =>
    ({ id, origin: 'pool', state: 'active', createdAtMs: Number(id), height: 7, templateId: '9', ...more }) as const;
  const work: readonly RoleWork[] = [
    {
      role: 'pool',
      kind: 'pool',
      templates: [],
      jobs: [job('1'), job('2'), job('3', { origin: 'declared', user: 'bob' })],
    },
    {
      role: 'tp a',
      kind: 'template-provider',
      jobs: [],
      templates: [
        { id: '5', state: 'stale' },
        { id: '6', state: 'active' },
      ],
    },
    { role: 'tp b', kind: 'template-provider', jobs: [], templates: [{ id: '8', state: 'active' }] },
    { role: 'jdc', kind: 'jd-client', jobs: [], templates: [{ id: '4', state: 'future' }] },
  ];

  test('is the template in use of each role, and its latest job of each chooser', () => {
    expect(sourcesOf(work).map(({ role, list, id }) => `${role} ${list} ${id}`)).toEqual([
      'pool jobs 3',
      'pool jobs 2',
      'tp a templates 6',
      'tp b templates 8',
      'jdc templates 4',
    ]);
  });

  test('is compared first between the miner and the template provider that the pool uses', () => {
    const pair = defaultPair(sourcesOf(work), 'tp b');
    expect([pair.mine?.role, pair.theirs?.role]).toEqual(['jdc', 'tp b']);
    expect(defaultPair(sourcesOf(work), undefined).theirs?.role).toBe('tp a');
    expect(defaultPair([], undefined)).toEqual({ mine: undefined, theirs: undefined });
  });

  test('jobs that differ in nothing but the coinbase are one row', () => {
    expect(workRows(work).map(({ job: { origin }, jobs }) => [origin, jobs])).toEqual([
      ['declared', 1],
      ['pool', 2],
    ]);
  });
});
