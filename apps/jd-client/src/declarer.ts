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
import { JD_CLIENT_LIMITS } from './limits.ts';
import type { JdClientMetrics } from './metrics.ts';
import type { PoolLink } from './pool-link.ts';
import { ShareRelay } from './share-relay.ts';
import { TemplateContents } from './template-contents.ts';
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
  readonly #contents: TemplateContents;
  readonly #left = new AbortController();
  /** Whether no template of the present tip has come yet. */
  #tipGone = false;
  /** Since when no template's transactions have come, if they do not come. */
  #undeclarableSinceMs: number | undefined;
  /** How often a job was set again; never twice with one coinbase. */
  #marks = 0;
  /** For which difficulty a job of the present tip was set again already. */
  #reboundFor = Infinity;

  constructor(options: DeclarerOptions) {
    const { channel } = options.pool;
    if (channel === undefined) throw new Error('the channel to the pool is not open');
    this.name = options.name;
    this.mode = options.mode;
    this.agreed = options.agreed;
    this.channel = channel;
    this.#options = options;
    this.#shares = new ShareRelay(options.pool, channel.target, options.totals);
    this.#contents = new TemplateContents(options.transactions);
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
    if (this.#marks === 0) return new Uint8Array(0);
    return Uint8Array.of(this.#marks & 0xff, (this.#marks >>> 8) & 0xff);
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
    if (this.#left.signal.aborted) return;
    for (const item of this.#items.waiting()) this.#begin(item);
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
    this.#reboundFor = Infinity;
    for (const item of this.#items) this.#drop(item, 'tip-moved');
  }

  /** Time passes. */
  tick(nowMs: number): void {
    if (this.#left.signal.aborted) return;
    const { patience, totals, onFailure, tipKnownSinceMs } = this.#options;
    if (this.#undeclarableSinceMs !== undefined && nowMs - this.#undeclarableSinceMs > patience.declareMs) {
      this.#undeclarableSinceMs = undefined;
      return onFailure({ reason: 'no-transactions' });
    }
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
    this.#left.abort();
    for (const item of this.#items) this.#drop(item, 'abandoned');
  }

  /** waiting -> declaring or setting, when all that takes is there */
  #begin(item: WorkItem): void {
    const { declarator, clock, totals } = this.#options;
    if (this.mode === 'coinbase-only') {
      const token = declarator.takeToken();
      if (token !== undefined) this.#set(item, token.token);
      return;
    }
    const content = this.#contents.get(item.template);
    if (content === undefined) return this.#await(item);
    this.#undeclarableSinceMs = undefined;
    const token = declarator.takeToken();
    if (token === undefined) return;
    const { wtxids, excessData } = content;
    const sentMs = clock.now();
    const requestId = declarator.declare(
      item.draft,
      token.token,
      { wtxids, excessData },
      {
        transactions: content.data,
        onDeclared: (newToken) => this.#onDeclared(item, newToken, sentMs),
        onRefused: (code) => this.#onRefused(item, code),
      },
    );
    item.declaration.declare(requestId, sentMs);
    totals.declare();
    // The server keeps it until it has judged the job.
    if (item.block !== undefined) this.push(item, item.block);
  }

  #onDeclared(item: WorkItem, token: Uint8Array, sentMs: number): void {
    const { clock, metrics } = this.#options;
    metrics.declareToAnswer.record(clock.now() - sentMs);
    if (item.declaration.state.phase !== 'declaring') return;
    item.declaration.declared(token);
    this.#set(item, token);
  }

  /** declared, or waiting in coinbase-only mode -> setting */
  #set(item: WorkItem, token: Uint8Array): void {
    const { pool, clock } = this.#options;
    // Without the channel the pair is about to be left, and the job with it.
    if (pool.channel === undefined) return;
    const requestId = pool.setCustomJob(item.draft, token, {
      onAcknowledged: (jobId, target) => this.#onAcknowledged(item, jobId, target),
      onRefused: (code) => this.#onRefused(item, code),
    });
    item.declaration.set(requestId, clock.now());
  }

  /** setting -> acknowledged */
  #onAcknowledged(item: WorkItem, jobId: number, target: Uint8Array): void {
    if (item.declaration.state.phase !== 'setting') return;
    const { totals, clock, metrics, log, onAcknowledged } = this.#options;
    item.declaration.acknowledge(jobId, target);
    totals.acknowledge();
    const afterMs = clock.now() - item.sinceMs;
    metrics.templateToAcknowledged.record(afterMs);
    log.debug('job acknowledged', { jobId, afterMs, held: item.held.size });
    this.#shares.release(item);
    onAcknowledged();
  }

  /** declaring or setting -> contested: whether that is a reason to leave the tip will show */
  #onRefused(item: WorkItem, code: string): void {
    const { phase } = item.declaration.state;
    if (phase !== 'declaring' && phase !== 'setting') return;
    item.declaration.contest(code, this.#options.clock.now());
    this.#options.log.warn('a job is refused while its tip stands', { phase, code });
  }

  /**
   * The pool's target binds a job when that is set (§5.3.21): one that was set before devices came would be far too hard
   * for them, and is set again. With another coinbase: a pool holds all jobs of one search space to the first one's
   * target, for a client could else name for each share the job that pays more. Once for a target, whatever the pool does.
   */
  #rebind(nowMs: number): void {
    const { latest } = this.#items;
    const state = latest?.declaration.state;
    if (latest === undefined || state?.phase !== 'acknowledged' || !this.canTake) return;
    if (nowMs - latest.sinceMs < JD_CLIENT_LIMITS.rebindMs || this.#tipGone) return;
    const wanted = difficultyFromTarget(this.#shares.target);
    const { rebindFactor } = JD_CLIENT_LIMITS;
    if (Math.min(difficultyFromTarget(state.target), this.#reboundFor) < rebindFactor * wanted) return;
    this.#reboundFor = wanted;
    this.#options.log.info('the job at hand is declared again for an easier target');
    this.#marks += 1;
    this.#options.onMarked();
  }

  #drop(item: WorkItem, why: DropReason): void {
    if (!item.declaration.drop(why)) return;
    const { totals, log } = this.#options;
    totals.drop(why);
    log.debug('job dropped', { why, held: item.held.size });
    this.#shares.release(item);
  }

  #await(item: WorkItem): void {
    if (item.awaited) return;
    item.awaited = true;
    const { log, clock } = this.#options;
    this.#undeclarableSinceMs ??= clock.now();
    this.#fetch(item).catch((error: unknown) => log.error('a template could not be declared', { error }));
  }

  async #fetch(item: WorkItem): Promise<void> {
    const came = await this.#contents.whenThere(item.template, this.#left.signal);
    if (this.#left.signal.aborted) return;
    if (came) return this.advance();
    this.#options.log.warn('a template cannot be declared: its transactions did not come');
    this.#drop(item, 'no-transactions');
  }
}
