import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hrefOf, parseRoute } from '../../src/page/app/address.ts';
import { isOf } from '../../src/page/pages/workers/of-worker.ts';
import { addressOf, pathOf, questionOf } from '../../src/page/pages/workers/query.ts';
import { conditionWords, sorted } from '../../src/page/pages/health/words.ts';

describe('addresses of the page', () => {
  test('lead to any worker, whatever its name', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string(), (name, role) => {
        const route = parseRoute(hrefOf(['workers', name], { role }));
        expect([route.page, route.rest, route.query.get('role')]).toEqual(['workers', [name], role]);
      }),
    );
  });

  test('are read as far as they are any', () => {
    expect(parseRoute('')).toMatchObject({ page: '', rest: [] });
    expect(parseRoute('#/workers/%E0%A4%A')).toMatchObject({ page: 'workers', rest: ['%E0%A4%A'] });
    expect(parseRoute('#/?role=pool').query.get('role')).toBe('pool');
  });
});

describe('the list of workers', () => {
  test('is asked for as the address says, nonsense left out', () => {
    const question = questionOf(new URLSearchParams('sort=best&state=gone&search=rig&offset=50'));
    expect(pathOf(question)).toBe('workers?sort=best&limit=50&offset=50&search=rig&state=gone');
    expect(questionOf(new URLSearchParams(addressOf(question) as Record<string, string>))).toEqual(question);
    expect(pathOf(questionOf(new URLSearchParams('sort=age&state=odd&offset=-1')))).toBe(
      'workers?sort=hashrate&limit=50',
    );
  });

  test('knows the channels of a worker by user and worker', () => {
    expect(isOf({ user: 'a', worker: 'b.c' }, 'a.b.c')).toBe(true);
    expect(isOf({ user: 'a', worker: '' }, 'a')).toBe(true);
    expect(isOf({ user: 'a', worker: 'b' }, 'a')).toBe(false);
  });
});

describe('conditions', () => {
  test('that fail come first, then warnings', () => {
    const of = (name: string, ok: boolean, serving?: boolean) => ({
      name,
      ok,
      sinceMs: 0,
      ...(serving !== undefined && { serving }),
    });
    const names = sorted([of('a', true), of('b', false, true), of('c', false, false), of('d', true)]);
    expect(names.map(({ name }) => name)).toEqual(['c', 'b', 'a', 'd']);
  });

  test('are told in words, and by their name where there are none', () => {
    expect(conditionWords('ledger')).toBe('What happens is recorded');
    expect(conditionWords('node 127.0.0.1:8332')).toBe('The node at 127.0.0.1:8332 is of use');
    expect(conditionWords('pool.ledger')).toBe('pool: What happens is recorded');
    expect(conditionWords('something new')).toBe('something new');
  });
});
