import { describe, expect, test } from 'vitest';
import { extentOf, hashrateSeries, sharesIn, sinceFirstWork } from '../../src/page/data/series.ts';
import { point } from './stage.ts';

const MIN = 60_000;

describe('a line of hashrate', () => {
  const points = [point(0, 5), point(MIN, 0), point(2 * MIN, 7)];

  test('has each stretch at its middle, and gaps at zero', () => {
    expect(hashrateSeries(points, 60, undefined, 10 * MIN)).toEqual({ x: [30, 90, 150], y: [5, 0, 7] });
  });

  test('ends with what is measured now', () => {
    const { x, y } = hashrateSeries(points, 60, { atMs: 3 * MIN + 5000, hashrate: 8 }, 3 * MIN + 5000);
    expect([x.at(-1), y.at(-1), x.length]).toEqual([185, 8, 4]);
  });

  test('leaves out the running stretch while it is too young to say something', () => {
    const running = [...points, point(3 * MIN, 900, 5)];
    expect(hashrateSeries(running, 60, undefined, 3 * MIN + 5000).x).toEqual([30, 90, 150]);
    const older = [...points, point(3 * MIN, 9, 40)];
    expect(hashrateSeries(older, 60, undefined, 3 * MIN + 40_000).x).toEqual([30, 90, 150, 200]);
  });

  test('never goes back in time: a clock that is off puts nothing live before the end', () => {
    expect(hashrateSeries(points, 60, { atMs: MIN, hashrate: 8 }, 10 * MIN).x).toEqual([30, 90, 150]);
  });

  test('begins where work begins, with one stretch before it', () => {
    const late = [point(0, 0), point(MIN, 0), point(2 * MIN, 7), point(3 * MIN, 0)];
    expect(sinceFirstWork(late).map(({ fromMs }) => fromMs)).toEqual([MIN, 2 * MIN, 3 * MIN]);
    expect(sinceFirstWork([point(0, 0)])).toEqual([]);
  });

  test('is told in words by its extent', () => {
    expect(extentOf({ x: [1, 2, 3], y: [1, null, 3] })).toEqual({ min: 1, max: 3, mean: 2 });
    expect(extentOf({ x: [], y: [] })).toBeUndefined();
    expect(sharesIn(points)).toEqual({ accepted: 12, rejected: 0 });
  });
});
