import { difficultyFromTarget, sameBytes } from '@sv2kit/bitcoin';
import type { Work } from '@sv2kit/mining';
import type { CloseReason } from '@sv2kit/net';
import { type PoolJob, STRATUM_ERROR_NUMBERS, type Sv1ClientEvent, type Verdict } from '@sv2kit/sv1';
import type { V1Pool, V1PoolHandler } from '@sv2kit/upstream';
import { isBlock } from './is-block.ts';
import type { MinerPhase } from './reactions.ts';
import type { Found } from './rig.ts';
import { workOf } from './v1-work.ts';
import type { Workplace, WorkplaceDeps } from './workplace.ts';

/** Jobs of one tip whose shares are still sent; the oldest is forgotten first. */
const REMEMBERED_JOBS = 16;

interface Order {
  readonly job: PoolJob;
  readonly work: Work;
}

/** One connection to a Stratum V1 pool that has let us in: mines what it notifies. */
export class V1Miner implements Workplace, V1PoolHandler {
  readonly protocol = 'sv1';
  readonly #pool: V1Pool;
  readonly #deps: WorkplaceDeps;
  /** By the work's number, oldest first. */
  readonly #orders = new Map<number, Order>();
  #current: Order | undefined;
  #phase: MinerPhase = 'closed';
  #lastNumber = 0;

  constructor(pool: V1Pool, deps: WorkplaceDeps) {
    this.#pool = pool;
    this.#deps = deps;
  }

  get phase(): MinerPhase {
    return this.#phase;
  }

  /** closed -> waiting */
  open(): void {
    this.#become('waiting');
  }

  onEvent(event: Sv1ClientEvent): void {
    const { log, listener } = this.#deps;
    if (this.#phase === 'closed') return;
    switch (event.type) {
      case 'job':
        return this.#onJob(event.job);
      case 'version-mask':
        return this.#onMask(event.mask);
      case 'verdict':
        return this.#onVerdict(event.ticket, event.verdict);
      case 'message':
        return log.info('the pool says', { text: event.text });
      case 'difficulty':
      case 'extranonce':
        // Every job carries what holds for it.
        return log.debug('terms for later jobs', { ...event });
      case 'invalid':
      case 'unknown':
      case 'malformed':
        log.debug('a line that makes no sense here', { ...event });
        return listener.onUnexpected(event.type);
      case 'ready':
        return log.info('the pool lets us in', {
          versionMask: event.versionMask.toString(16).padStart(8, '0'),
          extranonce2Size: event.subscription.extranonce2Size,
        });
      case 'reconnect-refused':
        return log.warn('the pool may not send us there: see reconnect_hosts', { host: event.host });
      case 'subscribed':
      case 'denied':
      case 'worker':
      case 'reconnect':
        return;
      default:
        event satisfies never;
    }
  }

  onClose(reason: CloseReason): void {
    this.#deps.log.debug('connection closed', { reason: reason.code });
    this.#lose();
  }

  onFound({ stretch, nonce, hash }: Found): void {
    const { shares, clock, listener } = this.#deps;
    const order = this.#orders.get(stretch.work.jobId);
    if (this.#phase !== 'mining' || order?.work !== stretch.work || stretch.extranonce === undefined) return;
    const { job, work } = order;
    const { ntime, version, extranonce: extranonce2 } = stretch;
    const ticket = this.#pool.session.submit(job.notify.jobId, { extranonce2, version, ntime, nonce }, job.versionMask);
    this.#pool.flush();
    shares.submitted(ticket, clock.now(), job.difficulty);
    listener.onShare(difficultyFromTarget(hash), isBlock(hash, work.nbits));
  }

  /** V1 has no word for it. */
  tellHashrate(): void {}

  close(): void {
    this.#lose();
  }

  /** waiting or mining -> mining. Shares of earlier jobs are sent until the pool says that they count no more. */
  #onJob(job: PoolJob): void {
    const { notify } = job;
    const before = this.#current?.work.prevHash;
    const newTip = before === undefined || !sameBytes(before, notify.prevHash);
    this.#become('mining');
    this.#take(job, this.#deps.clock.now(), newTip || notify.cleanJobs);
    this.#deps.listener.onWork(newTip);
  }

  /** BIP310: a new mask holds at once, for shares of the jobs that are there too. */
  #onMask(versionMask: number): void {
    if (this.#current === undefined) return;
    const { job, work } = this.#current;
    this.#take({ ...job, versionMask }, work.receivedAtMs, true);
  }

  #take(job: PoolJob, receivedAtMs: number, forgetEarlier: boolean): void {
    if (forgetEarlier) this.#orders.clear();
    this.#lastNumber += 1;
    const order = { job, work: workOf(job, this.#lastNumber, receivedAtMs) };
    this.#orders.set(this.#lastNumber, order);
    const [oldest] = this.#orders.keys();
    if (this.#orders.size > REMEMBERED_JOBS && oldest !== undefined) this.#orders.delete(oldest);
    this.#current = order;
    const versionMask = (job.versionMask & this.#deps.versionMask) >>> 0;
    this.#deps.rig.mine(order.work, { versionMask, forgetEarlier });
  }

  #onVerdict(ticket: number, verdict: Verdict): void {
    const { log, shares, clock } = this.#deps;
    if (verdict.kind === 'accepted') return shares.acceptedAlone(ticket, clock.now());
    const { code, message } = verdict.error;
    log.debug('share rejected', { code, message });
    shares.rejected(ticket, REJECTIONS.get(code) ?? 'other', clock.now(), message);
  }

  /** any -> closed; nothing when it is closed already, for the threads may work for another connection by now */
  #lose(): void {
    if (this.#phase === 'closed') return;
    this.#orders.clear();
    this.#current = undefined;
    this.#deps.rig.rest();
    this.#deps.shares.abandon();
    this.#become('closed');
  }

  #become(phase: MinerPhase): void {
    if (this.#phase === phase) return;
    this.#phase = phase;
    this.#deps.listener.onPhase(phase);
  }
}

/** What the field's error numbers mean, as this device counts them. */
const REJECTIONS: ReadonlyMap<number, string> = new Map([
  [STRATUM_ERROR_NUMBERS.other, 'other'],
  [STRATUM_ERROR_NUMBERS.jobNotFound, 'job-not-found'],
  [STRATUM_ERROR_NUMBERS.duplicateShare, 'duplicate-share'],
  [STRATUM_ERROR_NUMBERS.lowDifficulty, 'low-difficulty-share'],
  [STRATUM_ERROR_NUMBERS.unauthorised, 'unauthorised'],
  [STRATUM_ERROR_NUMBERS.notSubscribed, 'not-subscribed'],
]);
