import { CommandError } from '../command.ts';
import { pause } from './interruption.ts';
import type { Role } from './role.ts';

const POLL_MS = 200;
/** What a role still does without after so long it may lack for good: a pool, a node that takes whole blocks. */
const LACKING_MS = 3_000;
/** Longer than any role takes on a slow machine: what it waits for does not come. */
const PATIENCE_MS = 120_000;

/**
 * Waits until a role is ok, or does its work without something for a while.
 *
 * @throws CommandError when it has ended, or is not ready for too long; whatever the signal says
 */
export async function ready(
  role: Pick<Role, 'name' | 'poll' | 'settle' | 'status' | 'view'>,
  signal: AbortSignal,
): Promise<void> {
  const startedMs = performance.now();
  let sinceMs: number | undefined;
  for (;;) {
    signal.throwIfAborted();
    await role.poll();
    const { state, reason } = role.view();
    if (state === 'ok') return;
    if (state === 'failed') throw new CommandError(`the ${role.name} did not start: ${reason ?? 'no reason given'}`);
    const nowMs = performance.now();
    sinceMs = role.status?.isServing === true ? (sinceMs ?? nowMs) : undefined;
    if (sinceMs !== undefined && nowMs - sinceMs > LACKING_MS) return role.settle();
    if (nowMs - startedMs > PATIENCE_MS) {
      const seconds = PATIENCE_MS / 1_000;
      throw new CommandError(`the ${role.name} is not ready after ${seconds} s: ${reason ?? 'it does not say why'}`);
    }
    await pause(POLL_MS, signal);
  }
}
