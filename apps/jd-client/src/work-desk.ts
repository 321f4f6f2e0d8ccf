import { sameBytes, type TxOut } from '@sv2kit/bitcoin';
import type { Failure, JobMode } from '@sv2kit/declaration';
import {
  HASHES_PER_DIFFICULTY,
  type Job,
  MAX_FUTURE_TEMPLATES,
  type Payout,
  type Tip,
  type WorkTemplate,
} from '@sv2kit/mining';
import type { AcceptedShare, BlockPath, ExtranoncePlace } from '@sv2kit/mining-server';
import type { WorkSink } from '@sv2kit/template-source';
import type { Declarer } from './declarer.ts';
import { JD_CLIENT_LIMITS } from './limits.ts';
import type { Aim, Miners, WorkDeskOptions } from './work-desk-options.ts';
import type { WorkItem } from './work-item.ts';

const PATHS: Readonly<Record<JobMode, BlockPath>> = {
  'full-template': 'declared-full-template',
  'coinbase-only': 'coinbase-only',
};

const NO_MARK = new Uint8Array(0);
/** Declarers that were left, and whose jobs shares and blocks may still be of. */
const PAST_DECLARERS = 4;

/**
 * Stands between the templates and the mining server: every template goes to the devices at once, as work for the pool
 * that is mined for or as solo work, and to the pool's declarer (§6.3.1, optimistic mining).
 */
export class WorkDesk implements WorkSink {
  /** For every channel; asked anew for every job. */
  readonly payout: Payout = { id: 'jd-client', outputs: (value) => this.#outputs(value), mark: () => this.#mark() };
  readonly #options: WorkDeskOptions;
  #aim: Aim;
  #work: { readonly template: WorkTemplate; readonly tip: Tip } | undefined;
  #prepared: WorkTemplate[] = [];
  /** A template of the tip at hand that no token is there for: devices go on with an acknowledged job meanwhile. */
  #postponed: WorkTemplate | undefined;
  #past: Declarer[] = [];

  constructor(options: WorkDeskOptions) {
    this.#options = options;
    this.#aim = { kind: 'waiting', sinceMs: options.clock.now() };
  }

  get aim(): Aim {
    return this.#aim;
  }

  /** Shares that wait for an acknowledgement. */
  get waitingShares(): number {
    return this.#aim.kind === 'pooled' ? this.#aim.declarer.waitingShares : 0;
  }

  get working(): boolean {
    return this.#aim.kind === 'waiting' ? this.#work !== undefined : this.#miners.working;
  }

  prepare(template: WorkTemplate): void {
    this.#prepared = [...this.#prepared, template].slice(-MAX_FUTURE_TEMPLATES);
    if (this.#aim.kind !== 'waiting') this.#miners.prepare(template);
  }

  activate(template: WorkTemplate, tip: Tip): void {
    const before = this.#work?.tip;
    this.#work = { template, tip };
    this.#prepared = [];
    this.#supersedePostponed();
    const aim = this.#aim;
    if (aim.kind !== 'waiting') this.#miners.activate(template, tip);
    if (before === undefined || !sameBytes(before.prevHash, tip.prevHash)) this.#tipMoved();
    if (aim.kind === 'pooled') aim.declarer.take(template, tip);
    this.#options.onTemplate('activated');
  }

  update(template: WorkTemplate): boolean {
    const aim = this.#aim;
    if (this.#work === undefined) return false;
    this.#supersedePostponed();
    if (aim.kind === 'pooled' && !aim.declarer.canTake) {
      this.#postponed = template;
      return true;
    }
    this.#work = { ...this.#work, template };
    if (aim.kind === 'waiting') return true;
    const updated = this.#miners.update(template);
    if (aim.kind === 'pooled') aim.declarer.take(template, this.#work.tip);
    this.#options.onTemplate('update');
    return updated;
  }

  forgetPrepared(): void {
    this.#prepared = [];
    if (this.#aim.kind !== 'waiting') this.#miners.forgetPrepared();
  }

  suspend(): void {
    this.#work = undefined;
    this.#prepared = [];
    this.#supersedePostponed();
    this.#miners.suspend();
  }

  /** A token has come: a template may have waited for it. */
  tokenCame(): void {
    const postponed = this.#postponed;
    if (postponed === undefined || this.#aim.kind !== 'pooled' || !this.#aim.declarer.canTake) return;
    this.#postponed = undefined;
    this.update(postponed);
  }

  /** The template at hand once more, as another job: its coinbase has another mark. */
  again(): void {
    const aim = this.#aim;
    if (aim.kind !== 'pooled') return;
    this.#miners.renew();
    if (this.#work !== undefined) aim.declarer.take(this.#work.template, this.#work.tip);
  }

  /** any -> pooled */
  pool(declarer: Declarer): void {
    const { channel } = declarer;
    const { extranoncePrefix: prefix, extranonceSize } = channel;
    this.#become(
      { kind: 'pooled', declarer, sinceMs: this.#options.clock.now() },
      {
        within: { prefix, extranonceSize },
        indexBytes: JD_CLIENT_LIMITS.indexBytes,
      },
    );
    const { log } = this.#options;
    log.info('mining for a pool', { upstream: declarer.name, mode: declarer.mode });
    if (this.#work !== undefined) declarer.take(this.#work.template, this.#work.tip);
  }

  /** any -> solo */
  solo(failure: Failure): void {
    // Without a list it is what was asked for.
    const level = failure.reason === 'no-upstreams' ? 'info' : 'warn';
    this.#options.log[level]('mining solo', { ...failure });
    this.#become({ kind: 'solo', failure, sinceMs: this.#options.clock.now() }, 'own');
  }

  /** solo -> solo: why, as far as it was not known before */
  explain(failure: Failure): void {
    if (this.#aim.kind === 'solo') this.#aim = { ...this.#aim, failure };
  }

  /** Shares for the pool are worth another difficulty, or more of them would come. */
  targetChanged(): void {
    this.#miners.setUsefulDifficulty(this.#usefulDifficulty());
  }

  /** A share that was accepted here: to the pool whose job it is of, if any. */
  share(share: AcceptedShare): void {
    const found = this.find(share.job, share.extranonce);
    found?.declarer.share(found.item, share);
  }

  /** The declared job that a share or block is of; undefined when it is solo work. */
  find(job: Job, extranonce: Uint8Array): { readonly declarer: Declarer; readonly item: WorkItem } | undefined {
    for (const declarer of this.#declarers()) {
      const item = declarer.find(job, extranonce);
      if (item !== undefined) return { declarer, item };
    }
    return undefined;
  }

  /** How a block was found. */
  pathOf(job: Job): BlockPath {
    const declarer = this.#declarers().find((each) => each.has(job));
    return declarer === undefined ? 'solo' : PATHS[declarer.mode];
  }

  get #miners(): Miners {
    return this.#options.miners();
  }

  #outputs(value: bigint): readonly TxOut[] {
    return this.#aim.kind === 'pooled' ? this.#aim.declarer.outputs(value) : this.#options.solo.outputs(value);
  }

  /** The pool's, unless that would have devices flood us; in steps, for each moves devices. */
  #usefulDifficulty(): number | undefined {
    if (this.#aim.kind !== 'pooled') return undefined;
    const flood = this.#options.hashrate() / HASHES_PER_DIFFICULTY / JD_CLIENT_LIMITS.sharesPerSecond;
    return Math.max(this.#aim.declarer.usefulDifficulty, flood > 0 ? 2 ** Math.ceil(Math.log2(flood)) : 0);
  }

  #mark(): Uint8Array {
    return this.#aim.kind === 'pooled' ? this.#aim.declarer.mark : NO_MARK;
  }

  #declarers(): Declarer[] {
    return this.#aim.kind === 'pooled' ? [this.#aim.declarer, ...this.#past] : this.#past;
  }

  /** Devices get new jobs in the same turn, or their first ones. */
  #become(aim: Aim, extranonce: ExtranoncePlace): void {
    const before = this.#aim;
    this.#aim = aim;
    if (before.kind === 'pooled') {
      before.declarer.leave();
      this.#past = [before.declarer, ...this.#past].slice(0, PAST_DECLARERS);
    }
    if (this.#postponed !== undefined && this.#work !== undefined) {
      this.#work = { ...this.#work, template: this.#postponed };
      this.#postponed = undefined;
      this.#miners.update(this.#work.template);
    }
    this.targetChanged();
    this.#miners.renew({ extranonce });
    if (before.kind !== 'waiting' || this.#work === undefined) return;
    this.#miners.activate(this.#work.template, this.#work.tip);
    for (const template of this.#prepared) this.#miners.prepare(template);
  }

  #tipMoved(): void {
    const nowMs = this.#options.clock.now();
    for (const declarer of this.#declarers()) declarer.tipMoved(nowMs);
    this.#options.onTipMoved(nowMs);
  }

  #supersedePostponed(): void {
    if (this.#postponed !== undefined) this.#options.totals.drop('superseded');
    this.#postponed = undefined;
  }
}
