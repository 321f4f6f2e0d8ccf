import { describe, expect, test } from 'vitest';
import { noAnswer } from '../../src/page/data/answer.ts';
import { advance, LOADING, type Snapshot, valueOf } from '../../src/page/data/snapshot.ts';

const away = { kind: 'unreachable', code: 'role-unreachable', reason: 'connection refused' } as const;
const absent = { kind: 'absent', code: 'not-here', reason: 'the pool has no history' } as const;
const value = (n: number) => ({ kind: 'value', value: n }) as const;

describe('what is known of a resource', () => {
  const there: Snapshot<number> = { state: 'there', value: 7, atMs: 10 };
  const stale: Snapshot<number> = { state: 'stale', value: 7, atMs: 10, reason: 'connection refused', sinceMs: 20 };

  test('is kept while the role is away, with since when and why', () => {
    expect(advance(there, away, 20)).toEqual(stale);
    expect(advance(stale, away, 30)).toBe(stale);
    expect(advance(stale, { ...away, reason: 'no answer' }, 30)).toEqual({ ...stale, reason: 'no answer' });
    expect(valueOf(stale)).toBe(7);
  });

  test('is there again with the next answer', () => {
    expect(advance(stale, value(8), 40)).toEqual({ state: 'there', value: 8, atMs: 40 });
  });

  test('is nothing where the role never answered, and since when stays the same', () => {
    const first = advance<number>(LOADING, away, 5);
    expect(first).toEqual({ state: 'unreachable', reason: 'connection refused', sinceMs: 5 });
    expect(advance(first, away, 50)).toBe(first);
    expect(valueOf(first)).toBeUndefined();
  });

  test('is absent where the role has no such thing, and may come later', () => {
    expect(advance<number>(LOADING, absent, 5)).toMatchObject({ state: 'absent', code: 'not-here' });
    expect(advance<number>({ state: 'absent', code: 'not-here', reason: '' }, value(1), 6)).toMatchObject({ value: 1 });
  });
});

test.each([
  [404, { code: 'not-here', message: 'no history' }, { kind: 'absent', code: 'not-here', reason: 'no history' }],
  [503, { code: 'unavailable', message: 'it stops' }, { kind: 'unreachable', code: 'unavailable', reason: 'it stops' }],
  [502, { code: 'role-unreachable', error: 'away' }, { kind: 'unreachable', code: 'role-unreachable', reason: 'away' }],
  [401, { code: 'token-wanted' }, { kind: 'unreachable', code: 'token-wanted', reason: 'a token is wanted' }],
  [500, undefined, { kind: 'unreachable', code: '500', reason: 'it answered 500' }],
  [502, '<html>', { kind: 'unreachable', code: '502', reason: 'it answered 502' }],
])('an answer %i is told in words', (status, body, expected) => {
  expect(noAnswer(status, body)).toEqual(expected);
});
