import { expect, test } from 'vitest';
import { poolRefusal, poolUserName } from '../src/index.ts';

test.each([
  [21, 'Job not found', 'stale'],
  [21, '', 'stale'],
  [20, 'Stale', 'stale'],
  [20, 'Invalid JobID', 'stale'],
  [20, 'stale-work', 'stale'],
  [22, 'Duplicate share', 'duplicate'],
  [20, 'duplicate', 'duplicate'],
  [23, 'Low difficulty share', 'low-difficulty'],
  [23, 'Difficulty too low', 'low-difficulty'],
  [20, 'Above target', 'low-difficulty'],
  [20, 'high-hash', 'low-difficulty'],
  [24, 'Unauthorized worker', 'unauthorised'],
  [20, 'unknown user', 'unauthorised'],
  [20, 'Unknown worker', 'unauthorised'],
  [20, 'Invalid worker name', 'unauthorised'],
  [20, 'Unknown work', 'stale'],
  [21, 'Share was not submitted in time', 'stale'],
  [25, 'Not subscribed', 'not-subscribed'],
  [20, 'Invalid version mask', 'bad-version'],
  [20, 'ntime out of range', 'bad-ntime'],
  [20, 'Time out of range', 'bad-ntime'],
  [20, 'who knows', 'other'],
  [-1, '', 'other'],
] as const)('a refusal %i %j means %s', (code, message, refusal) => {
  expect(poolRefusal({ code, message })).toBe(refusal);
});

test.each([
  ['account', 'alice.rig1', 'account.rig1'],
  ['account', 'rig1', 'account.rig1'],
  ['account.main', 'alice.rig1', 'account.rig1'],
  ['bc1qaddress', 'someone.floor 2/rack.3', 'bc1qaddress.floor-2-rack-3'],
  ['account', '', 'account'],
  ['account.main', 'alice.', 'account.main'],
  ['account', '...', 'account'],
  ['account', 'é'.repeat(40), 'account'],
  ['account', 'x'.repeat(40), `account.${'x'.repeat(32)}`],
])('user %j and identity %j go to the pool as %j', (user, identity, name) => {
  expect(poolUserName(user, identity)).toBe(name);
});
