import type { EventRecord } from '../schemas/events.ts';
import { NOTIFY_LIMITS } from './limits.ts';
import { Alarm, type NotifyClock } from './time.ts';

export type BlockFound = Extract<EventRecord, { type: 'block-found' }>;

/** How long the parts of one process are waited for that all know of a block. */
const GATHER_MS = 1_000;

/** Found blocks, each told once: where several parts of a process tell of one, with what they know together. */
export class FoundBlocks {
  readonly #tell: (block: BlockFound) => void;
  readonly #alarm: Alarm;
  readonly #clock: NotifyClock;
  readonly #waiting = new Map<string, BlockFound>();
  /** Hashes of those that were told; the oldest are forgotten. */
  readonly #told = new Set<string>();

  constructor(clock: NotifyClock, tell: (block: BlockFound) => void) {
    this.#clock = clock;
    this.#tell = tell;
    this.#alarm = new Alarm(clock, () => this.flush());
  }

  add(block: BlockFound): void {
    if (this.#told.has(block.hash)) return;
    const before = this.#waiting.get(block.hash);
    // The first knows best who found it.
    this.#waiting.set(block.hash, before === undefined ? block : { ...block, ...before });
    if (before === undefined) this.#alarm.by(this.#clock.now() + GATHER_MS);
  }

  /** Tells at once whatever waits. */
  flush(): void {
    const blocks = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const block of blocks) {
      this.#told.add(block.hash);
      if (this.#told.size > NOTIFY_LIMITS.blocks) this.#told.delete(this.#told.values().next().value ?? '');
      this.#tell(block);
    }
  }

  [Symbol.dispose](): void {
    this.#alarm[Symbol.dispose]();
  }
}
