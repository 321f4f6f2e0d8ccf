import { BitcoinError, sameBytes } from '@sv2kit/bitcoin';
import type { Work } from '@sv2kit/mining';
import { Sv1JobIds } from '@sv2kit/sv1';
import { JobTranslator, type MinerChannel, type TranslatedJob } from '@sv2kit/translation';

/** Jobs that channels may still get one after another: newly opened ones each get their own copy of the same. */
const REMEMBERED = 4;

/** An upstream's job as it was made into V1's. */
export interface MadeJob {
  readonly work: Work;
  readonly job: TranslatedJob;
  /** Unix milliseconds. */
  readonly atMs: number;
}

/** Looks into a job before anybody mines on it. @returns why nobody should, if so */
export type JobCheck = (work: Work) => string | undefined;

/** Makes upstream jobs into V1's: each once, however many channels and miners get it. */
export class WorkDesk {
  readonly #translator: JobTranslator;
  readonly #check: JobCheck;
  readonly #onUnfit: (reason: string) => void;
  readonly #onJob: () => void;
  readonly #now: () => number;
  readonly #made: MadeJob[] = [];
  #latestMs: number | undefined;

  /**
   * @param onUnfit an upstream sends a job that nobody should mine on
   * @param onJob one came that can be mined on
   */
  constructor(now: () => number, check: JobCheck, onUnfit: (reason: string) => void, onJob: () => void = () => {}) {
    this.#now = now;
    this.#check = check;
    this.#onUnfit = onUnfit;
    this.#onJob = onJob;
    // Miners may remember ids of before a restart: there is room for 16 jobs a second. Some read them as 32-bit numbers.
    this.#translator = new JobTranslator(new Sv1JobIds((Math.floor(now() / 1000) * 16) % 2 ** 32));
  }

  /** The latest ones, the last first. */
  get made(): readonly MadeJob[] {
    return this.#made;
  }

  /** When the last job of an upstream came; undefined before the first. */
  get latestMs(): number | undefined {
    return this.#latestMs;
  }

  /** @returns undefined for a job that nobody should mine on: its upstream is given up */
  translated(work: Work): TranslatedJob | undefined {
    const known = this.#made.find((each) => isSame(each.work, work));
    if (known !== undefined) return known.job;
    const reason = this.#check(work);
    if (reason !== undefined) {
      this.#onUnfit(reason);
      return undefined;
    }
    try {
      return this.#translate(work);
    } catch (error) {
      if (!(error instanceof BitcoinError)) throw error;
      this.#onUnfit(error.message);
      return undefined;
    }
  }

  /** The same job under another id, shared by those who ask at about the same time. */
  refreshed(job: TranslatedJob): TranslatedJob {
    return this.#translator.refresh(job, this.#now());
  }

  /** The job as the miner can be given it: under another id where it has had this one. */
  unseen(job: TranslatedJob, miner: MinerChannel<unknown>): TranslatedJob {
    return this.#translator.unseen(job, miner, this.#now());
  }

  /** Another upstream: its jobs may have the same ids. */
  forget(): void {
    this.#made.length = 0;
  }

  #translate(work: Work): TranslatedJob {
    const nowMs = this.#now();
    const job = this.#translator.translate(work, nowMs);
    this.#made.unshift({ work, job, atMs: nowMs });
    this.#onJob();
    if (this.#made.length > REMEMBERED) this.#made.length = REMEMBERED;
    this.#latestMs = nowMs;
    return job;
  }
}

/** Whether two channels' work is one job, prefix and target aside. */
function isSame(a: Work, b: Work): boolean {
  if (a.jobId !== b.jobId || a.version !== b.version || a.nbits !== b.nbits || a.minNtime !== b.minNtime) return false;
  if (a.versionRollingAllowed !== b.versionRollingAllowed) return false;
  const [one, other] = [a.space, b.space];
  if (one.kind !== 'extended' || other.kind !== 'extended') return false;
  return (
    sameBytes(a.prevHash, b.prevHash) &&
    sameBytes(one.coinbasePrefix, other.coinbasePrefix) &&
    sameBytes(one.coinbaseSuffix, other.coinbaseSuffix) &&
    one.merklePath.length === other.merklePath.length &&
    one.merklePath.every((hash, at) => sameBytes(hash, other.merklePath[at] as Uint8Array))
  );
}
