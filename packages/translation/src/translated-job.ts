import { sameBytes } from '@sv2kit/bitcoin';
import { utf8 } from '@sv2kit/codec';
import { MAX_UPSTREAM_NTIME_LEAD, type Work } from '@sv2kit/mining';
import type { WorkLine } from '@sv2kit/sv1';
import { hex32, JobSource } from './job-source.ts';
import type { MinerSpace } from './miner-space.ts';

/** Beginning and end of a job's line. */
interface Ends {
  readonly start: Uint8Array;
  readonly clean: Uint8Array;
  readonly plain: Uint8Array;
}

/** Seconds by which the clock may move a job's ntime: a clock that jumps must not make jobs of the far future. */
const MOST_ELAPSED = 7_000;
const MAX_UINT32 = 0xffffffff;

/**
 * A V2 extended job on its tip as a V1 job: made once, for all miners of its channel or group. Its line is put together
 * from shared pieces and the hex of what stands in front of extranonce1; miners of one channel share the line as well.
 */
export class TranslatedJob {
  /** V1's id, of `Sv1JobIds`. */
  readonly id: string;
  /** The ntime of its line, unix seconds. */
  readonly ntime: number;
  readonly source: JobSource;
  #last: SpaceLine | undefined;
  #ends: Ends | undefined;

  private constructor(source: JobSource, id: string, ntime: number) {
    this.source = source;
    this.id = id;
    this.ntime = ntime;
  }

  /**
   * @param work an extended channel's; of a group's any member's. Its byte fields are kept, not copied.
   * @param id of `Sv1JobIds`
   * @param nowMs unix time in milliseconds
   * @param twin an earlier one with the same headers: its shares are this one's, so that this has a later ntime
   * @throws BitcoinError `bad-nbits`, `bad-coinbase`: an upstream that says such is of no use
   */
  static of(work: Work, id: string, nowMs: number, twin?: TranslatedJob): TranslatedJob {
    const source = new JobSource(work, twin?.source.number ?? (Number.parseInt(id, 10) % MAX_UINT32) + 1);
    const least = twin === undefined ? 0 : (twin.source.newest?.job ?? twin).ntime + 1;
    return new TranslatedJob(source, id, Math.min(Math.max(clockNtime(source, nowMs), least), MAX_UINT32));
  }

  /** The upstream's job id. */
  get jobId(): number {
    return this.source.jobId;
  }

  /**
   * The same job under another id, so that no miner takes a quiet pool for a dead one, or to change a difficulty at once.
   * Never clean. Its ntime goes with the clock and is always another one: cpuminer and ESP-Miner begin every job with
   * extranonce2 0, and would find the same shares again.
   */
  refreshed(id: string, nowMs: number): TranslatedJob {
    const ntime = Math.min(Math.max(this.ntime + 1, clockNtime(this.source, nowMs)), MAX_UINT32);
    return new TranslatedJob(this.source, id, ntime);
  }

  /** By how much the job's ntime is later than its clock. */
  secondsAhead(nowMs: number): number {
    return this.ntime - clockNtime(this.source, nowMs);
  }

  /**
   * Whether a share may have this ntime, in unix seconds. The upstream judges by its own clock, which only its jobs tell of:
   * from the least ntime on it goes as ours does. Ahead of it is what no firmware rolls and pools refuse.
   */
  allowsNtime(ntime: number, nowMs: number): boolean {
    const upstreamTime = Math.max(this.ntime, clockNtime(this.source, nowMs));
    return ntime >= this.source.minNtime && ntime <= upstreamTime + MAX_UPSTREAM_NTIME_LEAD;
  }

  /** What of its line no miner's space changes; made when the first line is. */
  get ends(): Ends {
    return (this.#ends ??= {
      start: utf8(`{"id":null,"method":"mining.notify","params":["${this.id}`),
      clean: utf8(`${hex32(this.ntime)}",true]}\n`),
      plain: utf8(`${hex32(this.ntime)}",false]}\n`),
    });
  }

  /** Another job has taken its place with a miner: what is encoded goes, and comes back should anybody else want it. */
  superseded(by: TranslatedJob): void {
    if (by === this) return;
    this.#last = undefined;
    this.#ends = undefined;
    if (by.source !== this.source) this.source.forgetPieces();
  }

  /** Bytes that a miner's coinbase has in all, extranonce included. */
  coinbaseSize(space: MinerSpace): number {
    return this.source.coinbaseSize + space.fullExtranonceSize;
  }

  /**
   * The job as `Sv1ServerSession.sendJob` takes it. Shared while the part in front of extranonce1 stays the same.
   *
   * @param clean whether miners shall drop the jobs that they have: another tip, another channel
   */
  lineFor(space: MinerSpace, clean: boolean): WorkLine {
    const { head } = space;
    const last = this.#last;
    if (last?.cleanJobs === clean && sameBytes(last.head, head)) return last;
    return (this.#last = new SpaceLine(this, head, clean));
  }
}

/** §5.3.11: ntime is the least one and the seconds since the job's receipt. */
function clockNtime({ minNtime, receivedAtMs }: JobSource, nowMs: number): number {
  const elapsed = Math.floor((nowMs - receivedAtMs) / 1000);
  return Math.min(minNtime + Math.min(Math.max(0, elapsed), MOST_ELAPSED), MAX_UINT32);
}

class SpaceLine implements WorkLine {
  readonly #job: TranslatedJob;
  readonly head: Uint8Array;
  readonly cleanJobs: boolean;
  #clean: Uint8Array | undefined;
  #plain: Uint8Array | undefined;

  constructor(job: TranslatedJob, head: Uint8Array, cleanJobs: boolean) {
    this.#job = job;
    this.head = head;
    this.cleanJobs = cleanJobs;
  }

  bytes(clean: boolean): Uint8Array {
    if (clean) return (this.#clean ??= this.#written(this.#job.ends.clean));
    return (this.#plain ??= this.#written(this.#job.ends.plain));
  }

  #written(end: Uint8Array): Uint8Array {
    const { start } = this.#job.ends;
    const { beforePrefix, afterPrefix } = this.#job.source.pieces;
    const atHead = start.length + beforePrefix.length;
    const behindHead = atHead + 2 * this.head.length;
    const line = carve(behindHead + afterPrefix.length + end.length);
    line.set(start);
    line.set(beforePrefix, start.length);
    writeHex(this.head, line, atHead);
    line.set(afterPrefix, behindHead);
    line.set(end, behindHead + afterPrefix.length);
    return line;
  }
}

const SLAB_SIZE = 65_536;
/** Lines are written once and never changed, so that many stand in one buffer: thousands of small ones are slow to get. */
let slab = new ArrayBuffer(SLAB_SIZE);
let used = 0;

function carve(length: number): Uint8Array {
  if (length > SLAB_SIZE / 4) return new Uint8Array(length);
  if (used + length > SLAB_SIZE) {
    slab = new ArrayBuffer(SLAB_SIZE);
    used = 0;
  }
  const bytes = new Uint8Array(slab, used, length);
  used += length;
  return bytes;
}

const DIGITS = utf8('0123456789abcdef');

function writeHex(bytes: Uint8Array, line: Uint8Array, offset: number): void {
  let at = offset;
  for (const byte of bytes) {
    line[at++] = DIGITS[byte >>> 4] as number;
    line[at++] = DIGITS[byte & 15] as number;
  }
}
