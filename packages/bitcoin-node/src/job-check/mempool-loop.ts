import type { Clock, Logger } from '../host.ts';
import { LIMITS } from '../limits.ts';
import type { RpcClient } from '../rpc-client.ts';
import { RpcError } from '../rpc-error.ts';
import type { ZmqSubscription } from '../zmq-subscription.ts';
import type { KnownTransactions } from './known-transactions.ts';
import { MempoolMirror } from './mempool-mirror.ts';
import type { CheckerSettings } from './messages.ts';
import { subscribeToSequence } from './zmq-sequence.ts';

/** With ZMQ, asking only finds out what was missed. */
const SLOWER_WITH_ZMQ = 10;

export interface MempoolLoopParts {
  readonly client: RpcClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly known: KnownTransactions;
  readonly settings: Pick<CheckerSettings, 'mempoolIntervalMs' | 'zmqSequence'>;
  /** The best chain changed. */
  readonly onBlock: () => void;
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
  #announced = new Set<string>();
  #fetchTimer: Disposable | undefined;
  #subscription: ZmqSubscription | undefined;
  #isClosed = false;

  constructor(parts: MempoolLoopParts) {
    this.#parts = parts;
    this.#mirror = new MempoolMirror(parts.client, parts.known, parts.clock);
    if (parts.settings.zmqSequence !== undefined) this.#subscribe(parts.settings.zmqSequence);
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
    this.#fetchTimer?.[Symbol.dispose]();
    this.#fetchTimer = undefined;
    this.#announced.clear();
  }

  close(): void {
    this.#isClosed = true;
    this.pause();
    this.#subscription?.close();
  }

  /** Somebody misses transactions: resolves when the mempool was looked at, unless that was a moment ago. */
  async refresh(): Promise<void> {
    const isFresh = this.#parts.clock.now() - this.#startedAtMs < LIMITS.mempoolMinIntervalMs;
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

  async #syncOnce(): Promise<void> {
    const signal = this.#run?.signal;
    if (signal === undefined) return;
    const { clock, settings } = this.#parts;
    this.#timer?.[Symbol.dispose]();
    this.#startedAtMs = clock.now();
    await this.#attempt(() => this.#mirror.sync(signal), signal);
    if (signal.aborted) return;
    const tookMs = clock.now() - this.#startedAtMs;
    const everyMs = settings.mempoolIntervalMs * (this.#subscription === undefined ? 1 : SLOWER_WITH_ZMQ);
    this.#timer = clock.after(Math.max(everyMs, tookMs / LIMITS.mempoolDuty), () => void this.#sync());
  }

  #subscribe(endpoint: string): void {
    const { clock, log, known, onBlock } = this.#parts;
    const events = {
      onAdded: (shownTxid: string) => this.#announce(shownTxid),
      onRemoved: (shownTxid: string) => {
        this.#announced.delete(shownTxid);
        known.depart(shownTxid, clock.now());
      },
      onBlock,
      onGap: () => void this.#sync(),
    };
    subscribeToSequence(endpoint, events, log).then(
      (subscription) => {
        if (this.#isClosed) subscription.close();
        else this.#subscription = subscription;
      },
      (error: unknown) => log.error('ZMQ is not usable; polling instead', { endpoint, error }),
    );
  }

  #announce(shownTxid: string): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#announced.add(shownTxid);
    if (this.#announced.size > LIMITS.maxAnnouncedTransactions) {
      this.#announced.clear();
      void this.#sync();
    }
    this.#fetchTimer ??= this.#parts.clock.after(LIMITS.announcementDelayMs, () => {
      this.#fetchTimer = undefined;
      const txids = this.#announced;
      this.#announced = new Set();
      void this.#attempt(() => this.#mirror.fetch(txids, run.signal), run.signal);
    });
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
