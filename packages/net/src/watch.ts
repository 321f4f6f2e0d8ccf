import type { NetCloseReason } from './close-reasons.ts';
import type { Limits } from './limits.ts';

/** What the sweep sees of a connection. */
export interface Observed {
  /** Chunks received so far. */
  readonly chunks: number;
  /** Frames received so far. */
  readonly frames: number;
  /** Of those, the ones that the application has not seen. */
  readonly asides: number;
  /** Whether a frame has begun and not ended. */
  readonly midFrame: boolean;
  /** Bytes that the operating system has taken so far, and whether others wait. */
  readonly bytesTaken: number;
  readonly congested: boolean;
}

const NEVER = Number.POSITIVE_INFINITY;

/** The deadlines of one connection, judged once per sweep. Times are unix milliseconds. */
export class Watch {
  readonly #limits: Limits;
  #deadline = NEVER;
  #reason: NetCloseReason = 'handshake-timeout';
  // When each of these last changed or was idle, as far as the sweeps could see.
  #chunks = 0;
  #chunksAt: number;
  #frames = 0;
  #framesAt: number;
  #asides = 0;
  #asidesAt: number;
  #bytesTaken = 0;
  #bytesTakenAt: number;

  constructor(limits: Limits, now: number) {
    this.#limits = limits;
    this.#chunksAt = now;
    this.#framesAt = now;
    this.#asidesAt = now;
    this.#bytesTakenAt = now;
  }

  /** Replaces the deadline; `ms` of 0 means none. */
  expectWithin(ms: number, reason: NetCloseReason, now: number): void {
    this.#deadline = ms === 0 ? NEVER : now + ms;
    this.#reason = reason;
  }

  /** Forgets a deadline of this kind. */
  met(reason: NetCloseReason): void {
    if (this.#reason === reason) this.#deadline = NEVER;
  }

  overdue(now: number): boolean {
    return now >= this.#deadline;
  }

  /** Why the connection should end now, if it should. */
  judge(now: number, seen: Observed): NetCloseReason | undefined {
    const { silenceMs, halfFrameMs, drainMs } = this.#limits;
    if (seen.chunks !== this.#chunks) {
      this.#chunks = seen.chunks;
      this.#chunksAt = now;
    }
    if (!seen.midFrame || seen.frames !== this.#frames) {
      this.#frames = seen.frames;
      this.#framesAt = now;
    }
    if (!seen.congested || seen.bytesTaken !== this.#bytesTaken) {
      this.#bytesTaken = seen.bytesTaken;
      this.#bytesTakenAt = now;
    }
    if (this.overdue(now)) return this.#reason;
    if (this.#floods(now, seen.asides)) return 'aside-flood';
    if (reached(now - this.#framesAt, halfFrameMs)) return 'half-frame-timeout';
    if (reached(now - this.#bytesTakenAt, drainMs)) return 'slow-reader';
    if (reached(now - this.#chunksAt, silenceMs)) return 'silent';
    return undefined;
  }

  /** Whether more asides have come since the last sweep than a second, or the time since, allows. */
  #floods(now: number, asides: number): boolean {
    const { asidesPerSecond } = this.#limits;
    const came = asides - this.#asides;
    const seconds = Math.max(1, (now - this.#asidesAt) / 1000);
    this.#asides = asides;
    this.#asidesAt = now;
    return asidesPerSecond > 0 && came > asidesPerSecond * seconds;
  }
}

function reached(elapsed: number, limit: number): boolean {
  return limit > 0 && elapsed >= limit;
}
