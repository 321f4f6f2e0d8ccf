import { describe, expect, test } from 'vitest';
import { chosenOf, sourcesOf } from '../../src/page/data/sources.ts';
import { knownRole } from '../../src/page/data/known-role.ts';
import { role } from './stage.ts';

const MINERS = ['shares', 'workers', 'channels'];
const all = [
  role('device-1', 'mining-device', ['shares']),
  role('translator', 'translator', MINERS),
  role('jd-client', 'jd-client', MINERS),
  role('jd-server', 'jd-server', ['jobs']),
  role('pool', 'pool', MINERS),
];

describe('figures of the miners', () => {
  test('come from one role, the nearest to the money: several see the same miners', () => {
    expect(sourcesOf(all, 'shares').map(({ name }) => name)).toEqual(['pool', 'jd-client', 'translator', 'device-1']);
    expect(chosenOf(sourcesOf(all, 'shares'), null)?.name).toBe('pool');
    expect(chosenOf(sourcesOf(all.slice(0, 2), 'shares'), null)?.name).toBe('translator');
  });

  test('are those of the role that one asked for, while it is there', () => {
    const sources = sourcesOf(all, 'workers');
    expect(chosenOf(sources, 'translator')?.name).toBe('translator');
    expect(chosenOf(sources, 'gone')?.name).toBe('pool');
    expect(chosenOf([], 'pool')).toBeUndefined();
  });

  test('stay those of a pool that is away: another role’s would be taken for them', () => {
    const away = all.map((each) => (each.kind === 'pool' ? { ...each, state: 'unreachable' as const } : each));
    expect(chosenOf(sourcesOf(away, 'shares'), null)?.name).toBe('pool');
  });
});

test('a role that never answered is known by its name alone', () => {
  const entry = { name: 'translator-9090', path: 'roles/9090', state: 'unreachable', sinceMs: 0 } as const;
  expect(knownRole(entry, undefined)).toEqual({ ...entry, kind: 'translator', resources: [] });
});
