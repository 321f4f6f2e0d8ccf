import type { Place } from './channel.ts';
import { postingOf } from './channel.ts';
import { NOTIFY_LIMITS } from './limits.ts';
import type { Notice, Severity } from './notice.ts';
import { type Attempt, post } from './post.ts';
import type { NotifyClock } from './time.ts';

/** What became of a notice, or of one attempt to deliver it. */
export type Fate = 'sent' | 'retried' | 'refused' | 'dropped' | 'expired';

export interface OutboxOptions {
  readonly place: Place;
  readonly clock: NotifyClock;
  /** Counts and tells; `reason` has no secrets. */
  readonly onFate: (fate: Fate, notice: Notice, reason: string) => void;
}

interface Entry {
  readonly notice: Notice;
  attempts: number;
}

const WEIGHT: Readonly<Record<Severity, number>> = { info: 0, warning: 1, urgent: 2 };

/** Notices for one place, delivered one after the other, each tried again for an hour. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #queue: Entry[] = [];
  readonly #abort = new AbortController();
  #wake: () => void = () => {};
  #isClosing = false;
  #running: Promise<void> | undefined;
  #trouble: string | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Why the last attempt came to nothing; undefined once one has arrived. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  push(notice: Notice): void {
    this.#queue.push({ notice, attempts: 0 });
    if (this.#queue.length > NOTIFY_LIMITS.queue) this.#makeRoom();
    this.#running ??= this.#run();
  }

  /** Tries once more what waits, within the limit; what is left then is dropped. Nothing may be pushed afterwards. */
  async close(): Promise<void> {
    this.#isClosing = true;
    using _limit = this.#options.clock.after(NOTIFY_LIMITS.flushMs, () => this.#abort.abort());
    this.#wake();
    await this.#running;
  }

  #makeRoom(): void {
    let least = 1;
    // The first is on its way.
    for (let index = 2; index < this.#queue.length; index++) {
      if (this.#weight(index) < this.#weight(least)) least = index;
    }
    const [dropped] = this.#queue.splice(least, 1);
    if (dropped !== undefined) this.#options.onFate('dropped', dropped.notice, 'too many wait');
  }

  #weight(index: number): number {
    const entry = this.#queue[index];
    return entry === undefined ? 0 : WEIGHT[entry.notice.severity];
  }

  async #run(): Promise<void> {
    for (let entry = this.#queue[0]; entry !== undefined; entry = this.#queue[0]) {
      const attempt = await this.#attempt(entry.notice);
      entry.attempts++;
      const waitMs = this.#settle(entry, attempt);
      if (waitMs === undefined) this.#queue.shift();
      else await this.#pause(waitMs);
    }
    // In the same turn as the last look at the queue: what is pushed next starts anew.
    this.#running = undefined;
  }

  async #attempt(notice: Notice): Promise<Attempt> {
    const { place, clock } = this.#options;
    if (this.#abort.signal.aborted) return { kind: 'failed', reason: 'stopped' };
    try {
      return await post(postingOf(place, notice, clock.now()), clock, this.#abort.signal);
    } catch {
      // A secret that cannot be had any more, for one; what the error says may be the secret.
      return { kind: 'failed', reason: 'could not be put together' };
    }
  }

  /** How long to wait before it is tried again; undefined when it is done with. */
  #settle({ notice, attempts }: Entry, attempt: Attempt): number | undefined {
    const { clock, onFate } = this.#options;
    if (attempt.kind === 'sent') {
      this.#trouble = undefined;
      onFate('sent', notice, '');
      return undefined;
    }
    this.#trouble = attempt.reason;
    const { firstRetryMs, mostRetryMs, keepMs } = NOTIFY_LIMITS;
    const backOffMs = firstRetryMs * 2 ** Math.min(attempts - 1, 20);
    const waitMs = Math.min(
      Math.max(attempt.kind === 'failed' ? (attempt.retryAfterMs ?? 0) : 0, backOffMs * (0.75 + Math.random() / 2)),
      mostRetryMs,
    );
    if (attempt.kind === 'refused') onFate('refused', notice, attempt.reason);
    else if (this.#isClosing) onFate('dropped', notice, attempt.reason);
    else if (clock.now() + waitMs - notice.atMs > keepMs) onFate('expired', notice, attempt.reason);
    else {
      onFate('retried', notice, attempt.reason);
      return waitMs;
    }
    return undefined;
  }

  async #pause(ms: number): Promise<void> {
    if (this.#isClosing) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    using _timer = this.#options.clock.after(ms, resolve);
    await promise;
  }
}
