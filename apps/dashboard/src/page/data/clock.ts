import { Store } from './store.ts';

/** Below this a difference says nothing: the Date header has whole seconds, and an answer takes its time. */
const SKEW_THAT_COUNTS_MS = 3000;
const TICK_MS = 1000;

let skewMs = 0;

/** Learns from an answer how far the servers' clock is from this device's. */
export function learnClock(response: Response): void {
  const said = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(said)) return;
  const skew = said + 500 - Date.now();
  skewMs = Math.abs(skew) < SKEW_THAT_COUNTS_MS ? 0 : skew;
}

/** Unix milliseconds by the servers' clock: ages of what they tell are right on a device whose clock is off. */
export const serverNow = (): number => Date.now() + skewMs;

/** Now, told each second while the page is seen. */
export const tick = new Store(serverNow());
setInterval(() => {
  if (document.visibilityState === 'visible') tick.set(serverNow());
}, TICK_MS);
document.addEventListener('visibilitychange', () => tick.set(serverNow()));
