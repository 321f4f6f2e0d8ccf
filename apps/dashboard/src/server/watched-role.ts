import type { EventSourceMessage } from 'eventsource-parser';
import { type Clock, sleep } from '@sv2kit/daemon';
import { EventSource } from './event-source.ts';
import { DASHBOARD_LIMITS } from './limits.ts';
import { probe } from './probe.ts';
import { RoleClient, type RoleTarget } from './role-client.ts';
import { type ProbeOutcome, type RoleState, stateAfter } from './role-states.ts';

const { probeEveryMs, probeMs } = DASHBOARD_LIMITS;

/** A role to be shown. */
export interface WantedRole extends RoleTarget {
  /** Names it in paths; does not change. */
  readonly key: string;
  /** What the operator calls it. */
  readonly name?: string | undefined;
}

export interface RoleListener {
  onState(role: WatchedRole): void;
  onEvent(role: WatchedRole, event: EventSourceMessage): void;
}

/** One role: whether it is there, and what it tells as it happens. */
export class WatchedRole implements Disposable {
  readonly wanted: WantedRole;
  readonly client: RoleClient;
  readonly #clock: Clock;
  readonly #listener: RoleListener;
  readonly #end = new AbortController();
  readonly #events: EventSource;
  #state: RoleState;
  /** What it calls itself. */
  #saidName: string | undefined;
  #isAsked: boolean;
  #isFollowed = false;
  #wake = new AbortController();

  constructor(wanted: WantedRole, clock: Clock, listener: RoleListener, known?: ProbeOutcome) {
    this.wanted = wanted;
    this.client = new RoleClient(wanted, clock);
    this.#clock = clock;
    this.#listener = listener;
    this.#events = new EventSource(this.client, clock);
    this.#state = stateAfter(undefined, known ?? { kind: 'away', reason: 'not asked yet' }, clock.now());
    this.#isAsked = known !== undefined;
    if (known?.kind === 'role') this.#saidName = known.name;
  }

  /** Whether its state is what came of a question. */
  get isAsked(): boolean {
    return this.#isAsked;
  }

  get state(): RoleState {
    return this.#state;
  }

  /** What it is called, where another role is not called so too. */
  get name(): string {
    return this.wanted.name ?? this.#saidName ?? this.wanted.key;
  }

  /** Asks it now and then until disposed. */
  start(): void {
    void this.#watch(this.#end.signal);
  }

  /** It did not answer somebody: it is asked again at once. */
  doubt(): void {
    this.#wake.abort();
  }

  [Symbol.dispose](): void {
    this.#end.abort();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#wake = new AbortController();
      try {
        this.#learn(await probe(this.client, this.#clock, probeMs, signal));
      } catch {
        // It throws for the end alone.
        return;
      }
      if (this.#state.state === 'reachable' && !this.#isFollowed) void this.#follow(signal);
      await sleep(this.#clock, probeEveryMs, AbortSignal.any([this.#wake.signal, signal]));
    }
  }

  /** Until the stream ends, which says that the role may have ended. */
  async #follow(signal: AbortSignal): Promise<void> {
    this.#isFollowed = true;
    const sinceMs = this.#clock.now();
    try {
      await this.#events.follow(signal, (event) => this.#listener.onEvent(this, event));
    } catch {
      // What is wrong with the role shows when it is asked who it is.
    }
    this.#isFollowed = false;
    if (this.#clock.now() - sinceMs >= probeEveryMs) this.doubt();
  }

  #learn(outcome: ProbeOutcome): void {
    const before = this.#isAsked ? this.#state : undefined;
    this.#isAsked = true;
    this.#state = stateAfter(before, outcome, this.#clock.now());
    const isRenamed = outcome.kind === 'role' && outcome.name !== this.#saidName;
    if (outcome.kind === 'role') this.#saidName = outcome.name;
    if (isRenamed || before === undefined || !isSame(before, this.#state)) this.#listener.onState(this);
  }
}

function isSame(before: RoleState, now: RoleState): boolean {
  const reason = 'reason' in before ? before.reason : undefined;
  return before.state === now.state && reason === ('reason' in now ? now.reason : undefined);
}
