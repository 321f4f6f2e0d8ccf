import { randomUUID } from 'node:crypto';
import type { EventType } from '../event-types.ts';
import type { EventRecord } from '../schemas/events.ts';
import { FoundBlocks } from './found-blocks.ts';
import { Gatherer } from './gatherer.ts';
import { NOTIFY_LIMITS } from './limits.ts';
import type { Notice, Wording } from './notice.ts';
import { type Change, StateWatch } from './state-watch.ts';
import type { NotifyClock } from './time.ts';
import * as say from './wording.ts';

/** What one destination is told of, and how patiently. */
export interface Interest {
  readonly events: readonly EventType[];
  /** Which of a block's statuses; each is told once, whatever the confirmations. */
  readonly statuses: readonly BlockStatusName[];
  /** Names of conditions; all when empty. */
  readonly conditions: readonly string[];
  /** How long a condition must fail, or a worker be gone, before it is told, in milliseconds. */
  readonly afterMs: number;
  /** How long nothing is told again of a condition or a worker, but its end, in milliseconds. */
  readonly quietMs: number;
}

export interface DeskOptions {
  readonly interest: Interest;
  readonly role: string;
  readonly clock: NotifyClock;
  /** Text as others may read it: addresses by the rule of the log, no secrets. */
  readonly redact: (text: string) => string;
  /** Whether a condition fails now; one that was removed does not, and nobody says so. */
  readonly isFailing: (condition: string) => boolean;
  readonly send: (notice: Notice) => void;
}

export type BlockStatusName = Extract<EventRecord, { type: 'block-status' }>['status'];
type ConditionEvent = Extract<EventRecord, { type: 'condition' }>;

const GATHER_MS = 10_000;
const GATHER_MOST_MS = 60_000;
const CONDITIONS_GATHER_MS = 2_000;

/** Makes notices for one destination out of events. */
export class NotifyDesk {
  readonly #options: DeskOptions;
  readonly #types: ReadonlySet<EventType>;
  readonly #conditions: StateWatch<ConditionEvent>;
  readonly #workers: StateWatch<say.WorkerEvent>;
  readonly #gatherer: Gatherer;
  readonly #blocks: FoundBlocks;
  /** The last status told of each of the last blocks, by hash. */
  readonly #statuses = new Map<string, string>();

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#types = new Set(options.interest.events);
    const { clock, interest } = options;
    const common = { clock, afterMs: interest.afterMs, quietMs: interest.quietMs, most: NOTIFY_LIMITS.subjects };
    this.#conditions = new StateWatch({
      ...common,
      gatherMs: CONDITIONS_GATHER_MS,
      gatherMostMs: GATHER_MS,
      isSpaced: false,
      tell: (bad, good) => this.#sendConditions(bad, good),
    });
    this.#workers = new StateWatch({
      ...common,
      gatherMs: GATHER_MS,
      gatherMostMs: GATHER_MOST_MS,
      isSpaced: true,
      tell: (gone, back) => this.#send(say.workers(gone, back)),
    });
    this.#blocks = new FoundBlocks(clock, (block) => this.#send(say.blockFound(block)));
    this.#gatherer = new Gatherer(clock, GATHER_MS, (gathered) => this.#send(say.gathered(gathered)));
  }

  hear(event: EventRecord): void {
    if (!this.#types.has(event.type)) return;
    switch (event.type) {
      case 'block-found':
        return this.#blocks.add(event);
      case 'block-status':
        return this.#onBlockStatus(event);
      case 'condition':
        return this.#onCondition(event);
      case 'worker-gone':
      case 'worker-back': {
        // One miner passes several parts of one process: it is one worker all the same.
        const key = `${event.user}\u0000${event.worker}`;
        return this.#workers.set(key, event.type === 'worker-gone', event.atMs, event);
      }
      case 'payouts-due':
      case 'best-share':
      case 'ban':
      case 'channel-opened':
      case 'channel-closed':
      case 'tip':
      case 'job':
      case 'reload':
        return this.#gatherer.add(event);
      default:
        return event satisfies never;
    }
  }

  /** The role ends and cannot help it: whoever hears of conditions hears of that. */
  failed(reason: string): void {
    if (this.#types.has('condition')) this.#send(say.roleFailed(this.#options.role, reason));
  }

  /** Sends at once what is gathered. */
  flush(): void {
    this.#blocks.flush();
    this.#conditions.flush();
    this.#workers.flush();
    this.#gatherer.flush();
  }

  [Symbol.dispose](): void {
    this.#conditions[Symbol.dispose]();
    this.#workers[Symbol.dispose]();
    this.#gatherer[Symbol.dispose]();
    this.#blocks[Symbol.dispose]();
  }

  #onCondition(event: ConditionEvent): void {
    const { conditions } = this.#options.interest;
    if (conditions.length > 0 && !conditions.includes(event.name)) return;
    const name = event.part === undefined ? event.name : `${event.part} ${event.name}`;
    this.#conditions.set(name, !event.ok, event.sinceMs, event);
  }

  #sendConditions(bad: readonly Change<ConditionEvent>[], good: readonly Change<ConditionEvent>[]): void {
    const still = bad.filter(({ detail }) => detail.part !== undefined || this.#options.isFailing(detail.name));
    if (still.length + good.length > 0) this.#send(say.conditions(still, good));
  }

  #onBlockStatus(event: Extract<EventRecord, { type: 'block-status' }>): void {
    if (!this.#options.interest.statuses.includes(event.status) || this.#statuses.get(event.hash) === event.status)
      return;
    if (this.#statuses.size >= NOTIFY_LIMITS.blocks) {
      for (const oldest of this.#statuses.keys()) {
        this.#statuses.delete(oldest);
        break;
      }
    }
    this.#statuses.set(event.hash, event.status);
    this.#send(say.blockStatus(event));
  }

  #send(wording: Wording): void {
    const { redact, role, clock, send } = this.#options;
    const told = redacted(wording, redact) as Wording;
    send({ id: randomUUID(), ...told, role, atMs: clock.now() });
  }
}

/** The same value with every text in it redacted. */
function redacted(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => redacted(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redacted(item, redact)]));
}
