import type { DeclarationPatience, JobMode } from '@sv2kit/declaration';
import type { Clock, Logger } from '@sv2kit/net';
import type { TransactionStore } from '@sv2kit/template-source';
import type { DeclaratorLink } from './declarator-link.ts';
import type { JdClientMetrics } from './metrics.ts';
import type { PoolLink } from './pool-link.ts';
import { type TemplateContent, TemplateContents } from './template-contents.ts';
import type { Totals } from './totals.ts';
import type { WorkItem } from './work-item.ts';

export interface JobSubmissionOptions {
  readonly mode: JobMode;
  readonly pool: PoolLink;
  readonly declarator: DeclaratorLink;
  readonly transactions: TransactionStore;
  readonly patience: DeclarationPatience;
  readonly totals: Totals;
  readonly metrics: Pick<JdClientMetrics, 'templateToAcknowledged' | 'declareToAnswer'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Its DeclareMiningJob is on its way. */
  onDeclaring(item: WorkItem): void;
  /** Shares may be submitted for it from now on. */
  onAcknowledged(item: WorkItem): void;
  /** The transactions of a template have come: what waits for them can go on. */
  onContents(): void;
  /** Its transactions did not come. */
  onHopeless(item: WorkItem): void;
}

/** Brings jobs from waiting to acknowledged: a token, DeclareMiningJob (§6.4.4), SetCustomMiningJob (§5.3.18). */
export class JobSubmission {
  readonly #options: JobSubmissionOptions;
  readonly #contents: TemplateContents;
  readonly #left = new AbortController();
  /** Since when no template's transactions have come, if they do not come. */
  #undeclarableSinceMs: number | undefined;

  constructor(options: JobSubmissionOptions) {
    this.#options = options;
    this.#contents = new TemplateContents(options.transactions);
  }

  /** No further job. */
  leave(): void {
    this.#left.abort();
  }

  get isLeft(): boolean {
    return this.#left.signal.aborted;
  }

  /** Whether transactions have not come for longer than a declaration may take; said once. */
  isUndeclarable(nowMs: number): boolean {
    const sinceMs = this.#undeclarableSinceMs;
    if (sinceMs === undefined || nowMs - sinceMs <= this.#options.patience.declareMs) return false;
    this.#undeclarableSinceMs = undefined;
    return true;
  }

  /** waiting -> declaring or setting, when all that takes is there */
  begin(item: WorkItem): void {
    const { mode, declarator } = this.#options;
    if (mode === 'coinbase-only') {
      const token = declarator.takeToken();
      if (token !== undefined) this.#set(item, token.token);
      return;
    }
    const content = this.#contents.get(item.template);
    if (content === undefined) return this.#await(item);
    this.#undeclarableSinceMs = undefined;
    const token = declarator.takeToken();
    if (token !== undefined) this.#declare(item, token.token, content);
  }

  #declare(item: WorkItem, token: Uint8Array, content: TemplateContent): void {
    const { declarator, clock, totals, onDeclaring } = this.#options;
    const { wtxids, excessData, data } = content;
    const sentMs = clock.now();
    const requestId = declarator.declare(
      item.draft,
      token,
      { wtxids, excessData },
      {
        transactions: data,
        onDeclared: (newToken) => this.#onDeclared(item, newToken, sentMs),
        onRefused: (code) => this.#onRefused(item, code),
      },
    );
    item.declaration.declare(requestId, sentMs);
    totals.declare();
    onDeclaring(item);
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
    onAcknowledged(item);
  }

  /** declaring or setting -> contested: whether that is a reason to leave the tip will show */
  #onRefused(item: WorkItem, code: string): void {
    const { phase } = item.declaration.state;
    if (phase !== 'declaring' && phase !== 'setting') return;
    item.declaration.contest(code, this.#options.clock.now());
    this.#options.log.warn('a job is refused while its tip stands', { phase, code });
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
    if (this.isLeft) return;
    if (came) return this.#options.onContents();
    this.#options.log.warn('a template cannot be declared: its transactions did not come');
    this.#options.onHopeless(item);
  }
}
