import { BitcoinError, difficultyFromTarget, type TxOut } from '@sv2kit/bitcoin';
import type { PushSolution } from '@sv2kit/codec';
import {
  type AgreedOutputs,
  type DeclarationPatience,
  draftJob,
  type DropReason,
  type Failure,
  type JobMode,
  pooledOutputs,
  pushMessage,
} from '@sv2kit/declaration';
import { type Job, markedTag, type OpenChannel, type Solution, type Tip, type WorkTemplate } from '@sv2kit/mining';
import type { AcceptedShare } from '@sv2kit/mining-server';
import type { Clock, Logger } from '@sv2kit/net';
import type { Taken, TransactionStore } from '@sv2kit/template-source';
import type { DeclaratorLink } from './declarator-link.ts';
import { JobSubmission } from './job-submission.ts';
import type { JdClientMetrics } from './metrics.ts';
import type { PoolLink } from './pool-link.ts';
import { Rebinding } from './rebinding.ts';
import { ShareRelay } from './share-relay.ts';
import type { Totals } from './totals.ts';
import { WorkItem } from './work-item.ts';
import { WorkItems } from './work-items.ts';

export interface DeclarerOptions {
  /** The pair's name. */
  readonly name: string;
  readonly mode: JobMode;
  readonly pool: PoolLink;
  readonly declarator: DeclaratorLink;
  /** Hands a solution to the server, on whichever connection there is. */
  push(message: PushSolution): Taken;
  readonly agreed: AgreedOutputs;
  readonly tag: Uint8Array;
  readonly transactions: TransactionStore;
  readonly patience: DeclarationPatience;
  /** Since when somebody tells us of the tip; Infinity while nobody does. */
  readonly tipKnownSinceMs: () => number;
  readonly totals: Totals;
  readonly metrics: Pick<JdClientMetrics, 'templateToAcknowledged' | 'declareToAnswer'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** A job is acknowledged. */
  onAcknowledged(): void;
  /** Its jobs have another mark from now on: devices get the template at hand once more, and so does {@link Declarer.take}. */
  onMarked(): void;
  onFailure(failure: Failure): void;
}

/**
 * Work for one pair of pool and job declarator server while both are there and one set of outputs and one extranonce
 * prefix are in force: templates in, declarations, custom jobs and shares out (§6.3.1, §6.3.2).
 */
export class Declarer {
  readonly name: string;
  readonly mode: JobMode;
  readonly agreed: AgreedOutputs;
  readonly channel: OpenChannel;
  readonly #options: DeclarerOptions;
  readonly #items = new WorkItems();
  readonly #shares: ShareRelay;
  readonly #submission: JobSubmission;
  readonly #rebinding = new Rebinding();
  /** Whether no template of the present tip has come yet. */
  #tipGone = false;

  constructor(options: DeclarerOptions) {
    const { channel } = options.pool;
    if (channel === undefined) throw new Error('the channel to the pool is not open');
    this.name = options.name;
    this.mode = options.mode;
    this.agreed = options.agreed;
    this.channel = channel;
    this.#options = options;
    this.#shares = new ShareRelay(options.pool, channel.target, options.totals);
    this.#submission = new JobSubmission({
      ...options,
      onDeclaring: (item) => this.#onDeclaring(item),
      onAcknowledged: (item) => this.#onAcknowledged(item),
      onContents: () => this.advance(),
      onHopeless: (item) => this.#drop(item, 'no-transactions'),
    });
  }

  /** Whether these are the connections and outputs that it is for. */
  isFor(pool: PoolLink, declarator: DeclaratorLink, agreed: AgreedOutputs): boolean {
    return this.#options.pool === pool && this.#options.declarator === declarator && this.agreed === agreed;
  }

  /** The pool's outputs with everything in its payout output. */
  outputs(value: bigint): readonly TxOut[] {
    return pooledOutputs(this.agreed, value);
  }

  /** Behind the tag of every job that is made now. */
  get mark(): Uint8Array {
    return this.#rebinding.mark;
  }

  /** Whether another job would find a token. */
  get canTake(): boolean {
    return this.#options.declarator.tokens > this.#items.waiting().length;
  }

  /**
   * The hardest difficulty that is of use: the pool pays no more for a share than the target of its job, be that the one
   * at hand or the next.
   */
  get usefulDifficulty(): number {
    const next = difficultyFromTarget(this.#shares.target);
    const { acknowledgedTarget: target } = this.#items;
    return target === undefined ? next : Math.min(next, difficultyFromTarget(target));
  }

  /** Shares that wait for an acknowledgement. */
  get waitingShares(): number {
    return this.#items.waitingShares;
  }

  /** The phase of the latest job, for people. */
  get phase(): string {
    return this.#items.latest?.declaration.state.phase ?? 'idle';
  }

  /** Devices mine this from now on: it is declared as soon as there is a token. */
  take(template: WorkTemplate, tip: Tip): void {
    const { clock, onFailure } = this.#options;
    const tag = markedTag(this.#options.tag, this.mark);
    const { extranoncePrefix: prefix, extranonceSize } = this.channel;
    try {
      const outputs = this.outputs(template.coinbaseTxValueRemaining);
      const draft = draftJob(template, tip, { outputs, tag, extranonceSize: prefix.length + extranonceSize });
      const item = new WorkItem({ mode: this.mode, template, tip, draft, prefix, sinceMs: clock.now() });
      for (const old of this.#items.add(item)) this.#drop(old, 'superseded');
    } catch (error) {
      if (!(error instanceof BitcoinError)) throw error;
      onFailure({ reason: 'job-impossible', detail: error.message });
      return;
    }
    this.#tipGone = false;
    this.advance();
  }

  /** Tokens or transactions may have come: what waits goes on, the latest first; what it leaves without is superseded. */
  advance(): void {
    if (this.#submission.isLeft) return;
    for (const item of this.#items.waiting()) this.#submission.begin(item);
    if (this.#options.declarator.tokens > 0) return;
    const { latest } = this.#items;
    for (const item of this.#items.waiting()) {
      if (item !== latest && item.block === undefined) this.#drop(item, 'superseded');
    }
  }

  /** The job that a share or block is of; undefined when it is of none here. */
  find(job: Job, extranonce: Uint8Array): WorkItem | undefined {
    return this.#items.find(job, extranonce);
  }

  /** Whether a job is one of those here. */
  has(job: Job): boolean {
    return this.#items.has(job);
  }

  /** A share of one of the jobs here: to the pool, or kept until it may go there. */
  share(item: WorkItem, share: AcceptedShare): void {
    this.#shares.take(item, share);
  }

  /** PushSolution for a block on a declared job (§6.4.9). */
  push(item: WorkItem, solution: Solution): Taken {
    const { state, declareId } = item.declaration;
    if (declareId !== undefined) return this.#options.push(pushMessage(item.draft, solution));
    if (this.mode === 'coinbase-only' || state.phase !== 'waiting') return 'not-for-it';
    item.block = solution;
    return 'waits';
  }

  /** Jobs that nobody has acknowledged yet are dropped, whatever is said of them later. */
  tipMoved(nowMs: number): void {
    this.#options.pool.tipMoved(nowMs);
    this.#tipGone = true;
    this.#rebinding.tipMoved();
    for (const item of this.#items) this.#drop(item, 'tip-moved');
  }

  /** Time passes. */
  tick(nowMs: number): void {
    if (this.#submission.isLeft) return;
    const { patience, totals, onFailure, tipKnownSinceMs } = this.#options;
    if (this.#submission.isUndeclarable(nowMs)) return onFailure({ reason: 'no-transactions' });
    for (const item of this.#items) {
      const failure = item.declaration.judge(nowMs, patience, tipKnownSinceMs());
      if (failure === undefined) continue;
      const { state } = item.declaration;
      if (state.phase === 'refused') {
        totals.refuse(state.by, state.code);
        this.#shares.release(item);
      }
      return onFailure(failure);
    }
    this.#rebind(nowMs);
  }

  /** No further job; shares of the acknowledged ones still go to the pool while it is there. */
  leave(): void {
    this.#submission.leave();
    for (const item of this.#items) this.#drop(item, 'abandoned');
  }

  /** The server keeps a block until it has judged the job. */
  #onDeclaring(item: WorkItem): void {
    if (item.block !== undefined) this.push(item, item.block);
  }

  #onAcknowledged(item: WorkItem): void {
    this.#shares.release(item);
    this.#options.onAcknowledged();
  }

  /** The job at hand is made again where the pool's target has become much easier than the one that binds it. */
  #rebind(nowMs: number): void {
    if (this.#tipGone || !this.canTake) return;
    if (!this.#rebinding.isDue(this.#items.latest, this.#shares.target, nowMs)) return;
    this.#options.log.info('the job at hand is declared again for an easier target');
    this.#options.onMarked();
  }

  #drop(item: WorkItem, why: DropReason): void {
    if (!item.declaration.drop(why)) return;
    const { totals, log } = this.#options;
    totals.drop(why);
    log.debug('job dropped', { why, held: item.held.size });
    this.#shares.release(item);
  }
}
