import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ready } from '../../src/stack/ready.ts';
import type { RoleStatus } from '../../src/stack/status.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A role that lacks something for ever. */
function lacking(isServing: boolean) {
  const status: RoleStatus = { state: 'degraded', reason: 'node: hangs', isServing, latency: {}, details: {} };
  const settle = vi.fn();
  const view = () => ({ name: 'pool', state: 'starting' as const, reason: 'node: hangs', detail: '' });
  return { name: 'pool', status, settle, poll: async () => {}, view };
}

test('a role that never does its work ends the start, with what it says of itself', async () => {
  const role = lacking(false);
  const waiting = ready(role, new AbortController().signal);
  const failed = expect(waiting).rejects.toThrow('the pool is not ready after 120 s: node: hangs');
  await vi.advanceTimersByTimeAsync(121_000);
  await failed;
  expect(role.settle).not.toHaveBeenCalled();
});

test('a role that does its work without something is ready after a while', async () => {
  const role = lacking(true);
  const waiting = ready(role, new AbortController().signal);
  await vi.advanceTimersByTimeAsync(4_000);
  await waiting;
  expect(role.settle).toHaveBeenCalledOnce();
});
