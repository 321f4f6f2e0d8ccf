import { LIMITS } from '../limits.ts';
import type { IpcHoldings } from '../node.ts';
import type { BackEnd, BackEndHost, NodeTransactions, WorkTip } from './back-end.ts';
import type { CheckedTransaction, HashKey } from './checked-transaction.ts';
import type { DraftBlock } from './draft-block.ts';
import type { Judgement } from './judgement.ts';
import type { MempoolNews } from './messages.ts';

/** Makes a back end for a host. */
export type OpenBackEnd = (host: BackEndHost) => BackEnd;

/**
 * One node spoken to in two ways: the second one is only opened when the first has been away for a while, and closed
 * again when that is back.
 */
export class FallbackBackEnd implements BackEnd {
  readonly #host: BackEndHost;
  readonly #first: BackEnd;
  readonly #openSecond: OpenBackEnd;
  #second: BackEnd | undefined;
  #grace: Disposable | undefined;
  /** Closed when what they were asked has been answered. */
  readonly #retired = new Map<BackEnd, Disposable>();
  #firstTrouble = 'no answer from the node yet';
  #isClosed = false;

  constructor(first: OpenBackEnd, second: OpenBackEnd, host: BackEndHost) {
    this.#host = host;
    this.#openSecond = second;
    this.#first = first({
      ...host,
      onTip: (tip) => this.#onFirstTip(tip),
      onAway: (reason) => this.#onFirstAway(reason),
    });
  }

  get tip(): WorkTip | undefined {
    return this.#active.tip;
  }

  get transactions(): NodeTransactions {
    return this.#active.transactions;
  }

  get ipc(): IpcHoldings | undefined {
    return this.#first.ipc;
  }

  start(): void {
    this.#first.start();
    this.#wait();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#grace?.[Symbol.dispose]();
    for (const timer of this.#retired.values()) timer[Symbol.dispose]();
    const others = this.#second === undefined ? [] : [this.#second];
    await Promise.all([this.#first, ...others, ...this.#retired.keys()].map((backEnd) => backEnd.close()));
  }

  look(): void {
    this.#active.look();
  }

  hear(news: MempoolNews): void {
    this.#first.hear(news);
    this.#second?.hear(news);
  }

  seek(wtxids: readonly HashKey[]): Promise<void> {
    return this.#active.seek(wtxids);
  }

  judge(
    block: DraftBlock,
    transactions: readonly CheckedTransaction[],
    tip: WorkTip,
    signal: AbortSignal,
  ): Promise<Judgement> {
    return this.#active.judge(block, transactions, tip, signal);
  }

  mined(hash: Uint8Array): Promise<ReadonlySet<HashKey>> {
    return this.#active.mined(hash);
  }

  get #active(): BackEnd {
    return this.#first.tip === undefined && this.#second !== undefined ? this.#second : this.#first;
  }

  #onFirstTip(tip: WorkTip): void {
    this.#grace?.[Symbol.dispose]();
    this.#grace = undefined;
    if (this.#second !== undefined) this.#retire(this.#second);
    this.#second = undefined;
    this.#host.onTip(tip);
  }

  #onFirstAway(reason: string): void {
    this.#firstTrouble = reason;
    if (this.#second?.tip !== undefined) return;
    this.#host.onAway(reason);
    this.#wait();
  }

  #onSecondAway(reason: string): void {
    if (this.#first.tip === undefined) this.#host.onAway(`${this.#firstTrouble}; its RPC: ${reason}`);
  }

  #wait(): void {
    if (this.#isClosed || this.#second !== undefined) return;
    this.#grace ??= this.#host.clock.after(LIMITS.ipcGraceMs, () => {
      this.#grace = undefined;
      this.#host.log.warn('jobs are checked over RPC until IPC is back', { reason: this.#firstTrouble });
      const own: BackEnd = this.#openSecond({
        ...this.#host,
        onTip: (tip) => {
          if (own === this.#second && this.#first.tip === undefined) this.#host.onTip(tip);
        },
        onAway: (reason) => {
          if (own === this.#second) this.#onSecondAway(reason);
        },
      });
      this.#second = own;
      own.start();
    });
  }

  #retire(backEnd: BackEnd): void {
    this.#host.log.info('jobs are checked over IPC again');
    const timer = this.#host.clock.after(LIMITS.checkTimeoutMs, () => {
      this.#retired.delete(backEnd);
      void backEnd.close();
    });
    this.#retired.set(backEnd, timer);
  }
}
