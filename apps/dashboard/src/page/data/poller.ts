import { ask } from './ask.ts';
import { advance, LOADING, type Snapshot } from './snapshot.ts';
import { Store } from './store.ts';
import { tokenStore } from './token.ts';

/** Who did not answer is asked again as soon, however seldom it is asked in turn. */
const RETRY_MS = 5000;
/** What happens within this is asked for once. */
const TOGETHER_MS = 250;
/** Kept of what nobody looks at any more, so that a page that one comes back to is there at once. */
const KEPT = 150;

/** Asks one path again and again while somebody looks at it and the page is seen. */
class Poller {
  readonly store: Store<Snapshot<unknown>> = new Store<Snapshot<unknown>>(LOADING);
  readonly #path: string;
  readonly #watchers = new Set<{ readonly everyMs: number }>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking: AbortController | undefined;
  #askedAtMs: number | undefined;
  /** Since when more has happened than the latest question can have been answered with. */
  #outdatedAtMs: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  watch(everyMs: number): () => void {
    const watcher = { everyMs };
    this.#watchers.add(watcher);
    this.#schedule();
    return () => {
      this.#watchers.delete(watcher);
      if (this.isWatched) return;
      clearTimeout(this.#timer);
      if (this.#asking === undefined) return;
      this.#asking.abort();
      this.#asking = undefined;
      this.#askedAtMs = undefined;
    };
  }

  /** Something happened: asks soon, however much happens meanwhile. */
  refresh(): void {
    this.#outdatedAtMs ??= Date.now();
    this.#schedule();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (!this.isWatched || document.visibilityState === 'hidden') return;
    const { state } = this.store.value;
    const isAway = state === 'stale' || state === 'unreachable';
    const everyMs = Math.min(isAway ? RETRY_MS : Infinity, ...[...this.#watchers].map((watcher) => watcher.everyMs));
    const inTurnMs = this.#askedAtMs === undefined ? 0 : this.#askedAtMs + everyMs;
    const dueMs = Math.min(inTurnMs, (this.#outdatedAtMs ?? Infinity) + TOGETHER_MS);
    if (dueMs === Infinity) return;
    this.#timer = setTimeout(() => void this.#ask(), Math.max(0, dueMs - Date.now()));
  }

  async #ask(): Promise<void> {
    if (this.#asking !== undefined || tokenStore.value.state === 'wanted') return;
    const asking = new AbortController();
    this.#asking = asking;
    this.#askedAtMs = Date.now();
    this.#outdatedAtMs = undefined;
    const answer = await ask<unknown>(this.#path, asking.signal);
    if (asking.signal.aborted) return;
    this.#asking = undefined;
    this.store.set(advance(this.store.value, answer, Date.now()));
    this.#schedule();
  }
}

const pollers = new Map<string, Poller>();

/** The one that asks this path, for all who look at it. */
export function pollerOf(path: string): Poller {
  let poller = pollers.get(path);
  if (poller === undefined) {
    poller = new Poller(path);
    pollers.set(path, poller);
    if (pollers.size > KEPT) forgetOldest();
  }
  return poller;
}

function forgetOldest(): void {
  for (const [path, poller] of pollers) {
    if (pollers.size <= KEPT) return;
    if (!poller.isWatched) pollers.delete(path);
  }
}

/** Asks again whatever is looked at. */
export function refreshAll(): void {
  for (const poller of pollers.values()) poller.refresh();
}

/** Asks again what is looked at and fits. */
export function refreshWhere(fits: (path: string) => boolean): void {
  for (const [path, poller] of pollers) if (fits(path)) poller.refresh();
}

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') refreshAll();
});
tokenStore.on(() => {
  if (tokenStore.value.state === 'given') refreshAll();
});
