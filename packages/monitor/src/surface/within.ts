import type { MonitorClock } from '../clock.ts';
import { Unavailable } from '../errors.ts';

/** What a role answers, unless it takes longer than a reader should wait. @throws Unavailable */
export async function within<T>(clock: MonitorClock, ms: number, answer: T | Promise<T>): Promise<T> {
  if (!(answer instanceof Promise)) return answer;
  const late = Promise.withResolvers<never>();
  using _timer = clock.after(ms, () => late.reject(new Unavailable(`there was no answer within ${ms / 1000} seconds`)));
  return await Promise.race([answer, late.promise]);
}
