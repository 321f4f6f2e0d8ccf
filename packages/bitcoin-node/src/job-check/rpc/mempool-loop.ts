import type { Clock, Logger } from '../../host.ts';
import { LIMITS } from '../../limits.ts';
import type { RpcClient } from '../../rpc/rpc-client.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { KnownTransactions } from '../known-transactions.ts';
import { MempoolMirror } from './mempool-mirror.ts';
import type { MempoolNews } from '../messages.ts';

export interface MempoolLoopParts {
  readonly client: RpcClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly known: KnownTransactions;
  readonly intervalMs: number;
}

/**
 * Keeps the known transactions in step while the node is there: asks for the whole list now and then, and for single
 * transactions as soon as the node announces them, where it does.
 */
export class MempoolLoop {
  readonly #parts: MempoolLoopParts;
  readonly #mirror: MempoolMirror;
  #run: AbortController | undefined;
  #syncing: Promise<void> | undefined;
  #timer: Disposable | undefined;
  #startedAtMs = 0;
  #tookMs = 0;

  constructor(parts: MempoolLoopParts) {
    this.#parts = parts;
    this.#mirror = new MempoolMirror(parts.client, parts.known, parts.clock);
  }

  /** The node is there. */
  resume(): void {
    this.pause();
    this.#run = new AbortController();
    void this.#sync();
  }

  /** The node is away. */
  pause(): void {
    this.#run?.abort();
    this.#run = undefined;
    this.#syncing = undefined;
    this.#timer?.[Symbol.dispose]();
  }

  /** Somebody misses transactions: resolves when the mempool was looked at, unless that was a moment ago. */
  async refresh(): Promise<void> {
    const restMs = Math.max(LIMITS.mempoolMinIntervalMs, this.#tookMs / LIMITS.missingDuty);
    const isFresh = this.#parts.clock.now() - this.#startedAtMs < restMs;
    if (this.#syncing === undefined && (isFresh || this.#run === undefined)) return;
    await this.#sync();
  }

  #sync(): Promise<void> {
    if (this.#syncing !== undefined) return this.#syncing;
    const own = this.#syncOnce().finally(() => {
      if (this.#syncing === own) this.#syncing = undefined;
    });
    this.#syncing = own;
    return own;
  }

  /** The node announced changes. */
  async hear({ added, removed, isComplete }: MempoolNews): Promise<void> {
    const signal = this.#run?.signal;
    if (signal === undefined) return;
    for (const txid of removed) this.#parts.known.depart(txid, this.#parts.clock.now());
    await this.#attempt(() => this.#mirror.fetch(added, signal), signal);
    if (!isComplete && !signal.aborted) await this.#sync();
  }

  async #syncOnce(): Promise<void> {
    const signal = this.#run?.signal;
    if (signal === undefined) return;
    const { clock, intervalMs } = this.#parts;
    this.#timer?.[Symbol.dispose]();
    this.#startedAtMs = clock.now();
    await this.#attempt(() => this.#mirror.sync(signal), signal);
    if (signal.aborted) return;
    this.#tookMs = clock.now() - this.#startedAtMs;
    const restMs = Math.min(this.#tookMs / LIMITS.mempoolDuty, LIMITS.mempoolMaxIntervalMs);
    this.#timer = clock.after(Math.max(intervalMs, restMs), () => void this.#sync());
  }

  /** Without an answer nothing is lost but time: the next look finds what this one did not. */
  async #attempt(task: () => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await task();
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof RpcError)) throw error;
      this.#parts.log.debug('the mempool was not read', { reason: error.message });
    }
  }
}
