import { setImmediate } from 'node:timers/promises';
import type { Clock } from './ports.ts';

/** A connection that this process takes leave of. */
export interface Leaver {
  /** Whether it has ended already. */
  readonly isGone: boolean;
  /** Whether everything that came from it is answered. */
  readonly isSettled: boolean;
  /** Its turn has come: the peer is told, and may do so no longer what it would not be answered for. */
  part(): void;
  /** It has had its time: what it still sends is left unread, and only what came before is awaited. */
  hush?(): void;
  /** The last word has been said. */
  end(): void;
}

/** How leave is taken of many; milliseconds. */
export interface LeaveTaking {
  readonly clock: Clock;
  /** When the last has to be ended: unix milliseconds. */
  readonly untilMs: number;
  /** How long whoever goes by itself is given before anybody is told to. */
  readonly headStartMs?: number;
}

export const LEAVE_TAKING_LIMITS = {
  /** What each connection adds to the time over which a drain spreads their ends, so that they do not all come back at once; milliseconds. */
  spreadMs: 1,
  /** How long after it was told a connection stays open for what was on its way already, be its peer far or busy; milliseconds. */
  lingerMs: 900,
  /** How long after it was told a connection is still heard that goes on talking; what it says later is lost. Milliseconds. */
  hearMs: 1_500,
  /** Connections that are told in one turn of the event loop. */
  slice: 256,
  /** How often a drain looks at its connections; milliseconds. */
  tickMs: 25,
  /** Before the end of a drain nobody waits any longer; milliseconds. */
  marginMs: 100,
} as const;

const { spreadMs, lingerMs, hearMs, slice, tickMs, marginMs } = LEAVE_TAKING_LIMITS;

/** Does something for each of many, and lets others have their turn after every few. */
export async function eachInSlices<T>(all: Iterable<T>, act: (each: T) => void): Promise<void> {
  let done = 0;
  for (const each of all) {
    act(each);
    done += 1;
    if (done % slice === 0) await setImmediate();
  }
}

/**
 * Takes leave of connections one after the other, spread over a time that grows with their number: each is told, stays
 * for what is on its way and for its answers, and ends. Resolves when none is left, at `untilMs` at the latest.
 */
export function takeLeave(leavers: Iterable<Leaver>, options: LeaveTaking): Promise<void> {
  return new Leave([...leavers], options).run();
}

/** Resolves once that is so, or at `untilMs`. */
export async function settled(isSettled: () => boolean, { clock, untilMs }: LeaveTaking): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = (): void => {
    if (isSettled() || clock.now() >= untilMs) resolve();
  };
  using _timer = clock.every(tickMs, look);
  look();
  await promise;
}

/** A connection that was told. Its time is counted in looks: a process that does not get to look does not read either. */
interface Parted {
  readonly leaver: Leaver;
  looks: number;
}

class Leave {
  readonly #clock: Clock;
  readonly #waiting: Leaver[];
  #parted: Parted[] = [];
  readonly #fromMs: number;
  readonly #perLeaverMs: number;
  /** From when on nobody is waited for, and when the last has to be ended. */
  readonly #lateMs: number;
  readonly #lastMs: number;
  readonly #over = Promise.withResolvers<void>();
  #told = 0;

  constructor(leavers: readonly Leaver[], { clock, untilMs, headStartMs = 0 }: LeaveTaking) {
    this.#clock = clock;
    // In the order in which they are taken from the end.
    this.#waiting = leavers.toReversed();
    this.#lastMs = untilMs - marginMs;
    this.#fromMs = clock.now() + headStartMs;
    // Those who never settle do not end in one turn of the event loop either.
    this.#lateMs = this.#lastMs - Math.ceil(leavers.length / slice) * tickMs;
    const room = Math.max(0, this.#lateMs - lingerMs - this.#fromMs);
    this.#perLeaverMs = Math.min(spreadMs, room / Math.max(1, leavers.length));
  }

  async run(): Promise<void> {
    this.#tick();
    using _timer = this.#clock.every(tickMs, () => this.#tick());
    await this.#over.promise;
  }

  #tick(): void {
    const nowMs = this.#clock.now();
    this.#tell(nowMs);
    this.#endThoseWhoMay(nowMs);
    // Those that have gone by themselves need no turn.
    while (this.#waiting.at(-1)?.isGone === true) this.#waiting.pop();
    if (this.#waiting.length === 0 && this.#parted.length === 0) this.#over.resolve();
  }

  #tell(nowMs: number): void {
    let left = this.#quota(nowMs);
    const isLate = nowMs >= this.#lateMs;
    while (this.#waiting.length > 0 && (isLate || nowMs >= this.#fromMs + this.#told * this.#perLeaverMs)) {
      if (left === 0) return;
      const leaver = this.#waiting.pop();
      if (leaver === undefined || leaver.isGone) continue;
      left -= 1;
      this.#told += 1;
      leaver.part();
      this.#parted.push({ leaver, looks: 0 });
    }
  }

  #endThoseWhoMay(nowMs: number): void {
    let left = this.#quota(nowMs);
    const isLate = nowMs >= this.#lateMs;
    this.#parted = this.#parted.filter((parted) => {
      const { leaver } = parted;
      if (leaver.isGone) return false;
      const sinceMs = parted.looks * tickMs;
      parted.looks += 1;
      if (sinceMs >= hearMs && !leaver.isSettled) leaver.hush?.();
      const hadItsTime = sinceMs >= lingerMs;
      if (left === 0 || !(isLate || (hadItsTime && leaver.isSettled))) return true;
      left -= 1;
      leaver.end();
      return false;
    });
  }

  /** How many may be told or ended in one turn of the event loop: all, when it is over. */
  #quota(nowMs: number): number {
    return nowMs >= this.#lastMs ? Number.POSITIVE_INFINITY : slice;
  }
}
