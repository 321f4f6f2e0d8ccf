import type { Clock } from '../host.ts';

/** Waits for `task`, but not for long. */
export function within(clock: Clock, ms: number, task: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, resolve);
    task.finally(() => timer[Symbol.dispose]()).then(resolve, reject);
  });
}
