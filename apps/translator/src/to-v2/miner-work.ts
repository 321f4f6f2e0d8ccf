import { sameBytes } from '@sv2kit/bitcoin';
import type { Work } from '@sv2kit/mining';
import type { PasswordFields, Sv1ServerSession, Submit } from '@sv2kit/sv1';
import {
  coinbaseFits,
  type FirmwareProfile,
  MinerChannel,
  MinerDifficulty,
  minerSpace,
  type MinerSpace,
  type ProfileMismatch,
  profileOf,
  type ShareVerdict,
  type TranslatedJob,
} from '@sv2kit/translation';
import type { MinerHost } from './miner-host.ts';
import type { UpstreamChannel } from './upstream-channel.ts';

/** Work for a miner. */
export interface Task {
  readonly work: Work;
  readonly job: TranslatedJob;
  readonly channel: UpstreamChannel;
}

/** Why a job goes out; a label of the counter. */
export type JobKind = 'new-tip' | 'same-tip' | 'difficulty' | 'keep-alive' | 'new-work';

/** What one miner works on, how hard it is for it, and the judgement of what it finds. */
export class MinerWork {
  readonly #host: MinerHost;
  readonly #session: Sv1ServerSession;
  readonly #index: number;
  readonly #channel: MinerChannel<UpstreamChannel>;
  #profile = profileOf('');
  #difficulty: MinerDifficulty | undefined;
  #password: PasswordFields | undefined;
  #suggested: number | undefined;
  #task: Task | undefined;
  #sentMs = 0;
  #cleanMs = 0;
  #space: MinerSpace | undefined;
  #spacePrefix: Uint8Array | undefined;

  constructor(host: MinerHost, session: Sv1ServerSession, index: number) {
    this.#host = host;
    this.#session = session;
    this.#index = index;
    this.#channel = new MinerChannel({ budget: host.budget });
  }

  get profile(): FirmwareProfile {
    return this.#profile;
  }

  /** Whether it has had a job. */
  get begun(): boolean {
    return this.#task !== undefined;
  }

  /** Hashes per second, as its shares show it; a guess at first. */
  get hashrate(): number {
    return this.#ownDifficulty().hashrate;
  }

  /** Of its latest job; undefined before the first. */
  get difficulty(): number | undefined {
    return this.begun ? this.#difficulty?.current : undefined;
  }

  /** When it was told last that what it had before is worth nothing. */
  get cleanMs(): number {
    return this.#cleanMs;
  }

  /** Of the share that was judged last; a view. */
  get latestHash(): Uint8Array {
    return this.#channel.latestHash;
  }

  /** The upstream's id of the job that it works on. */
  get jobId(): number | undefined {
    return this.#task?.work.jobId;
  }

  /** Now it is known what firmware it runs. */
  identify(userAgent: string): void {
    this.#profile = profileOf(userAgent);
    if (!this.begun) this.#difficulty = undefined;
  }

  /** What its password wants of its first job. */
  begin(password: PasswordFields): void {
    this.#password = password;
    if (!this.begun) this.#difficulty = undefined;
  }

  suggest(difficulty: number, nowMs: number): void {
    this.#suggested = difficulty;
    this.#difficulty?.suggest(difficulty, nowMs);
  }

  /** Whether its difficulty is so wrong that it cannot wait for the next job. */
  wantsJob(nowMs: number): boolean {
    return this.begun && this.#difficulty?.wantsJob(nowMs) === true;
  }

  /** Whether it has had no job for so long that it may take us for dead. */
  isStarving(nowMs: number): boolean {
    return this.begun && Math.abs(nowMs - this.#sentMs) >= this.#host.keepAliveMs;
  }

  judge(submit: Submit, nowMs: number): ShareVerdict<UpstreamChannel> {
    const verdict = this.#channel.judge(submit, nowMs);
    if (verdict.kind === 'accepted') this.#difficulty?.accepted(verdict.work, nowMs);
    return verdict;
  }

  /** A job goes out. @returns what its firmware may have trouble with */
  give(task: Task, clean: boolean): ProfileMismatch | undefined {
    const anew = clean || this.#isOnOtherTip(task);
    const space = this.#start(task, anew, anew ? 'new-tip' : 'same-tip');
    return space === undefined ? undefined : coinbaseFits(task.job.coinbaseSize(space), this.#profile);
  }

  /** The job at hand once more, under another id; for one whose shares are bad, as if it were another. */
  giveAgain(kind: JobKind): void {
    const task = this.#task;
    if (task === undefined) return;
    const job = this.#host.desk.refreshed(task.job);
    // Sent again so often that its time is ahead of the clock: later.
    if (job !== task.job) this.#start({ ...task, job }, kind === 'new-work', kind);
  }

  /** The miner is gone. */
  close(): void {
    this.#channel.close();
  }

  /** However the upstream said it: its SetNewPrevHash may have named a job that it never sent. */
  #isOnOtherTip({ job }: Task): boolean {
    const present = this.#task?.job.source.prevHash;
    return present !== undefined && !sameBytes(present, job.source.prevHash);
  }

  #start(task: Task, clean: boolean, kind: JobKind): MinerSpace | undefined {
    const { work, channel: upstream } = task;
    const { clock, versionMask: offered, metrics, desk } = this.#host;
    // A channel that was closed and opened anew has the same job, with another prefix.
    const job = desk.unseen(task.job, this.#channel);
    const space = this.#spaceOf(work);
    if (space === undefined) return undefined;
    const nowMs = clock.now();
    const { target: upstreamTarget } = work;
    const limits = { upstreamTarget, networkDifficulty: job.source.networkDifficulty };
    const difficulty = this.#ownDifficulty().next(limits, nowMs);
    this.#session.setVersionMask(work.versionRollingAllowed ? offered : 0);
    const { versionMask } = this.#session;
    this.#channel.give(job, { space, versionMask, difficulty, upstreamTarget, upstream, clean }, nowMs);
    this.#session.sendJob(job.lineFor(space, clean), difficulty);
    this.#task = { work, job, channel: upstream };
    this.#sentMs = nowMs;
    if (clean) this.#cleanMs = nowMs;
    metrics.jobs.inc({ kind });
    return space;
  }

  /** Its part of the channel's extranonce, with the prefix that the job has. */
  #spaceOf({ space }: Work): MinerSpace | undefined {
    if (space.kind !== 'extended') return undefined;
    const { extranoncePrefix, extranonceSize } = space;
    if (this.#space !== undefined && this.#spacePrefix === extranoncePrefix) return this.#space;
    const verdict = minerSpace(extranoncePrefix, extranonceSize, this.#host.extranonce2Size, this.#index);
    if (verdict.kind !== 'space') return undefined;
    this.#spacePrefix = extranoncePrefix;
    this.#space = verdict.space;
    return verdict.space;
  }

  #ownDifficulty(): MinerDifficulty {
    this.#difficulty ??= new MinerDifficulty({
      ...this.#host.difficulty,
      profile: this.#profile,
      ...(this.#password && { password: this.#password }),
      ...(this.#suggested !== undefined && { suggested: this.#suggested }),
    });
    return this.#difficulty;
  }
}
