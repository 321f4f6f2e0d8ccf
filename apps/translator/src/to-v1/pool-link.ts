import { difficultyFromTarget, displayHash } from '@sv2kit/bitcoin';
import { type RejectionPolicy, RejectionWindow } from '@sv2kit/declaration';
import type { Clock, CloseReason, Logger } from '@sv2kit/net';
import type { PoolJob, Sv1ClientEvent, Verdict } from '@sv2kit/sv1';
import { poolRefusal, poolShare, type PoolWork } from '@sv2kit/translation';
import type { V1Pool, V1PoolHandler } from '@sv2kit/upstream';
import type { PoolFailure } from './failures.ts';
import { TRANSLATOR_TO_V1_LIMITS } from './limits.ts';
import type { TranslatorToV1Metrics } from './metrics.ts';
import { PoolTerms } from './pool-terms.ts';
import type { GoodShare, SentShare } from './sent-share.ts';
import type { SteadyTime } from './steady-time.ts';
import type { Totals } from './totals.ts';
import { WorkerNames, type WorkerNamesOptions } from './worker-names.ts';

/** Who wants to know what a pool says. */
export interface PoolLinkListener {
  onJob(link: PoolLink, job: PoolJob): void;
  onMask(link: PoolLink, mask: number): void;
  /** The pool's answer to a block. @param reason of a refusal */
  onBlockVerdict(hash: Uint8Array, accepted: boolean, reason: string): void;
  /** Of no use any more. */
  onFailure(link: PoolLink, failure: PoolFailure): void;
  /** The connection has ended. */
  onGone(link: PoolLink, code: string): void;
}

export interface PoolLinkOptions extends WorkerNamesOptions {
  /** For people. */
  readonly name: string;
  readonly refusals: RejectionPolicy;
  readonly patience: { readonly jobMs: number; readonly answerMs: number };
  readonly totals: Totals;
  readonly metrics: Pick<TranslatorToV1Metrics, 'shareToVerdict'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly time: SteadyTime;
  readonly log: Logger;
  readonly listener: PoolLinkListener;
}

/** One connection to a V1 pool that has let us in: its jobs, and the shares that it has not answered. */
export class PoolLink implements V1PoolHandler {
  readonly name: string;
  readonly workers: WorkerNames;
  readonly #pool: V1Pool;
  readonly #options: PoolLinkOptions;
  readonly #window: RejectionWindow;
  /** By ticket, oldest first. */
  readonly #sent = new Map<number, SentShare>();
  /** By {@link PoolLinkOptions.time}. */
  #jobMs: number;
  #unusable = 0;
  readonly #terms = new PoolTerms();
  /** When the latest job came; unix milliseconds. */
  jobAtMs: number;
  open = true;

  constructor(pool: V1Pool, options: PoolLinkOptions) {
    this.name = options.name;
    this.#pool = pool;
    this.#options = options;
    this.#window = new RejectionWindow(options.refusals);
    this.jobAtMs = options.clock.now();
    this.#jobMs = options.time.now();
    this.workers = new WorkerNames(pool.session, options);
  }

  /** Shares without an answer. */
  get unanswered(): number {
    return this.#sent.size;
  }

  /** Refusals among the last shares. */
  get refusals(): number {
    return this.#window.rejections;
  }

  /** The pool hears of a worker before any share of it. @param identity of a channel that is being opened */
  introduce(identity: string): void {
    if (!this.#canSay) return;
    this.workers.of(identity);
    this.#pool.flushSoon();
  }

  /** Whether shares of a job count here: of this connection, or of an earlier one to the pool with the same extranonce. */
  continues({ link, work }: { readonly link: PoolLink; readonly work: PoolWork }): boolean {
    return link === this || (link.name === this.name && this.#terms.fits(work.poolJob));
  }

  /** Whether the pool pays for a share. */
  wants(work: PoolWork, share: Pick<GoodShare, 'hash' | 'isBlock'>): boolean {
    return this.#terms.pays(work, share);
  }

  /**
   * A share goes to the pool; its job may be of an earlier connection that this one continues. A block goes whatever the
   * pool may make of it.
   *
   * @returns why not
   */
  submit(
    work: PoolWork,
    share: GoodShare,
    late = false,
  ): 'pool-away' | 'job-replaced' | 'other-extranonce' | undefined {
    if (!this.#canSay) return 'pool-away';
    if (!share.isBlock && this.#terms.hasReplaced(work.poolJob)) return 'job-replaced';
    const said = poolShare(work.poolJob, share);
    if (said === undefined) return 'other-extranonce';
    const { totals, time } = this.#options;
    const { hash, isBlock } = share;
    const user = this.workers.of(share.identity);
    const ticket = this.#pool.session.submit(said.jobId, said.share, said.versionMask, user);
    this.#remember(ticket, { work, user, hash, isBlock, sentMs: time.now(), late });
    totals.relay(user, work.poolJob.difficulty);
    if (isBlock) this.#pool.flush();
    else this.#pool.flushSoon();
    return undefined;
  }

  /** The pool has another tip, or drops its other jobs: that explains refusals on both sides of it. */
  tipMoved(): void {
    this.#window.tipMoved(this.#options.time.now());
  }

  /** A job that cannot be mined. */
  unusable(detail: string): void {
    this.#unusable += 1;
    this.#options.log.warn('a job of the pool cannot be mined', { pool: this.name, reason: detail });
    if (this.#unusable >= TRANSLATOR_TO_V1_LIMITS.unusableJobs) this.#fail({ reason: 'unusable-jobs', detail });
  }

  /** Time passes: is the pool silent, or does it refuse too much? */
  tick(): void {
    if (!this.open) return;
    const { patience, refusals, time } = this.#options;
    const nowMs = time.now();
    if (this.#window.judge(nowMs)) {
      const detail = `${this.#window.rejections} of the last ${refusals.ofLast}`;
      return this.#fail({ reason: 'shares-refused', detail });
    }
    const [oldest] = this.#sent.values();
    if (oldest !== undefined && nowMs - oldest.sentMs > patience.answerMs) {
      return this.#fail({ reason: 'shares-unanswered', detail: `${this.#sent.size} shares without an answer` });
    }
    if (nowMs - this.#jobMs > patience.jobMs) {
      this.#fail({ reason: 'no-jobs', detail: `for ${Math.round((nowMs - this.#jobMs) / 1000)} s` });
    }
  }

  onEvent(event: Sv1ClientEvent): void {
    const { log, listener } = this.#options;
    switch (event.type) {
      case 'job':
        return this.#onJob(event.job);
      case 'verdict':
        return this.#onVerdict(event.ticket, event.verdict);
      case 'worker':
        this.workers.answered(event.username, event.verdict.kind === 'accepted');
        if (event.verdict.kind === 'accepted') return;
        return log.warn('the pool refuses a worker', { user: event.username, error: event.verdict.error.message });
      case 'difficulty':
        this.#terms.difficulty = event.difficulty;
        return;
      case 'extranonce':
        this.#terms.extranonce = event;
        return log.info('the pool changes the extranonce for jobs to come', { size: event.extranonce2Size });
      case 'version-mask':
        this.#terms.versionMask = event.mask;
        return listener.onMask(this, event.mask);
      case 'message':
        return log.info('the pool says', { pool: this.name, text: event.text });
      case 'invalid':
        return event.method === 'mining.notify'
          ? this.unusable(event.problem)
          : log.debug('the pool sends what makes no sense', { method: event.method, problem: event.problem });
      case 'ready':
        this.#terms.versionMask = event.versionMask;
        this.#terms.extranonce = event.subscription;
        return;
      case 'malformed':
      case 'unknown':
      case 'subscribed':
      case 'denied':
      case 'reconnect':
      case 'reconnect-refused':
        return;
      default:
        event satisfies never;
    }
  }

  onClose({ code }: CloseReason): void {
    this.open = false;
    const { totals, log, listener } = this.#options;
    for (const { work, isBlock, hash } of this.#sent.values()) {
      totals.lose('unanswered', work.poolJob.difficulty);
      if (isBlock) log.error('the pool went before it had answered for a block', { hash: displayHash(hash) });
    }
    if (this.#sent.size > 0) log.warn('shares had no answer when the pool went', { shares: this.#sent.size, code });
    this.#sent.clear();
    listener.onGone(this, code);
  }

  #onJob(job: PoolJob): void {
    const { clock, time } = this.#options;
    this.jobAtMs = clock.now();
    this.#jobMs = time.now();
    this.#terms.gave(job.notify);
    this.#options.listener.onJob(this, job);
  }

  /** A job that can be mined ends a row of those that cannot. */
  usable(): void {
    this.#unusable = 0;
  }

  #onVerdict(ticket: number, verdict: Verdict): void {
    const sent = this.#sent.get(ticket);
    if (sent === undefined) return;
    this.#sent.delete(ticket);
    const { totals, metrics, time, log, listener } = this.#options;
    const { user, work, isBlock, hash, sentMs, late } = sent;
    const nowMs = time.now();
    metrics.shareToVerdict.record(nowMs - sentMs);
    if (verdict.kind === 'accepted') {
      totals.accept(user, work.poolJob.difficulty);
      this.#window.accepted(1, nowMs);
      if (isBlock) listener.onBlockVerdict(hash, true, '');
      return;
    }
    const { code, message } = verdict.error;
    const refusal = poolRefusal(verdict.error);
    totals.refuse(user, refusal, work.poolJob.difficulty);
    const fields = { refusal, code, text: message, user, job: work.poolJob.notify.jobId };
    log.info('the pool refuses a share', { ...fields, difficulty: difficultyFromTarget(hash) });
    if (isBlock) listener.onBlockVerdict(hash, false, message === '' ? refusal : message);
    const wasLate = late && (refusal === 'stale' || refusal === 'duplicate');
    if (!wasLate && !this.#terms.excuses(work, refusal)) this.#window.rejected(sentMs, nowMs);
  }

  get #canSay(): boolean {
    return this.open && this.#pool.session.state.phase === 'working';
  }

  #remember(ticket: number, share: SentShare): void {
    this.#sent.set(ticket, share);
    const [oldest] = this.#sent;
    if (oldest === undefined || this.#sent.size <= TRANSLATOR_TO_V1_LIMITS.unansweredShares) return;
    this.#sent.delete(oldest[0]);
    this.#options.totals.lose('unanswered', oldest[1].work.poolJob.difficulty);
  }

  #fail(failure: PoolFailure): void {
    this.#options.listener.onFailure(this, failure);
  }
}
