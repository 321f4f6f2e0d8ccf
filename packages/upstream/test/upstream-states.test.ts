import { expect, test } from 'vitest';
import { UpstreamStates } from '../src/index.ts';

const place = (name: string) => ({ name, host: name, port: 1, address: name, url: name });

test('each upstream of a list is told with its state, why, and since when', () => {
  const [first, second] = [place('first'), place('second')];
  const states = new UpstreamStates(1_000);
  const told = () =>
    states
      .reports([first, second])
      .map(({ name, state, active, reason, sinceMs }) => [name, state, active, reason, sinceMs]);
  expect(told()).toEqual([
    ['first', 'not tried', false, undefined, 1_000],
    ['second', 'not tried', false, undefined, 1_000],
  ]);
  states.saw({ kind: 'connecting', endpoint: first }, 2_000);
  states.saw({ kind: 'connected', endpoint: first, primary: true, sinceMs: 3_000 }, 3_000);
  expect(told()[0]).toEqual(['first', 'ok', true, undefined, 3_000]);
  states.saw({ kind: 'connecting', endpoint: second, lastFailure: 'first: closed' }, 4_000);
  expect(told()).toEqual([
    ['first', 'left', false, 'first: closed', 4_000],
    ['second', 'connecting', false, 'first: closed', 4_000],
  ]);
  states.saw({ kind: 'waiting', reason: 'second: ECONNREFUSED', untilMs: 9_000 }, 5_000);
  states.saw({ kind: 'waiting', reason: 'second: timeout', untilMs: 9_000 }, 6_000);
  expect(told()).toEqual([
    ['first', 'away', false, 'second: timeout', 5_000],
    ['second', 'away', false, 'second: timeout', 5_000],
  ]);
});
