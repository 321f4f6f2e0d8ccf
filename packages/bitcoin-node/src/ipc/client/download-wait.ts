import { type Clock, pause } from '../../host.ts';
import { IPC_LIMITS } from './limits.ts';

/** Asks until the initial download is over: false when the time for that, or the caller's patience, ends before. */
export async function untilDownloaded(
  isDownloading: () => Promise<boolean>,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  for (let waited = 0; waited < IPC_LIMITS.cooldownMs; waited += IPC_LIMITS.downloadPollMs) {
    if (!(await isDownloading())) return true;
    await pause(clock, IPC_LIMITS.downloadPollMs, signal);
    if (signal.aborted) break;
  }
  return false;
}
