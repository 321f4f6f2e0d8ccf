import { displayHash, fromDisplayHash } from '@sv2kit/bitcoin';
import type { Clock, Logger } from '../host.ts';
import { LIMITS } from '../limits.ts';
import { createRpcClient, type RpcClient } from '../rpc/rpc-client.ts';
import { type HashKey, hashKey } from './checked-transaction.ts';
import { Checker } from './checker.ts';
import { MempoolLoop } from './mempool-loop.ts';
import type { CheckerSettings, FromChecker, ToChecker } from './messages.ts';
import { TipKeeper, type WorkTip } from './tip-keeper.ts';
import { Fields } from '../rpc/fields.ts';

/** All that the checker's thread does, apart from being a thread. */
export class CheckerThread {
  readonly #client: RpcClient;
  readonly #checker: Checker;
  readonly #tips: TipKeeper;
  readonly #mempool: MempoolLoop;
  readonly #log: Logger;
  readonly #post: (message: FromChecker, transfer?: readonly ArrayBuffer[]) => void;
  readonly #checks = new Map<number, AbortController>();
  readonly #closing = new AbortController();
  readonly #reports: Disposable;
  #isAway = true;

  constructor(
    settings: CheckerSettings,
    clock: Clock,
    log: Logger,
    post: (message: FromChecker, transfer?: readonly ArrayBuffer[]) => void,
  ) {
    const { url, credentials, chain, knownBlocks, pollIntervalMs, mempoolIntervalMs, concurrency } = settings;
    this.#post = post;
    this.#log = log;
    this.#client = createRpcClient({ url, credentials, clock });
    this.#checker = new Checker({
      client: this.#client,
      clock,
      concurrency,
      tip: () => this.#tips.current,
      look: () => void this.#tips.look(),
      refresh: () => this.#mempool.refresh(),
    });
    this.#tips = new TipKeeper({
      client: this.#client,
      clock,
      expected: { chain, knownBlocks },
      pollIntervalMs,
      onTransactions: (transactions) => this.#checker.learn(transactions),
      onTip: (tip) => this.#onTip(tip),
      onAway: (reason) => this.#onAway(reason),
    });
    const { known } = this.#checker;
    this.#mempool = new MempoolLoop({ client: this.#client, clock, log, known, intervalMs: mempoolIntervalMs });
    this.#reports = clock.every(LIMITS.statusIntervalMs, () => this.#report());
    this.#tips.start();
  }

  on(message: ToChecker): void {
    switch (message.kind) {
      case 'check':
        return void this.#check(message);
      case 'abort':
        return this.#checks.get(message.id)?.abort();
      case 'block': {
        const block = this.#checker.block(message.handle, message.header, message.coinbase);
        return this.#post(
          { kind: 'block', id: message.id, block },
          block?.buffer instanceof ArrayBuffer ? [block.buffer] : [],
        );
      }
      case 'release':
        return this.#checker.release(message.handle);
      case 'mempool':
        return void this.#mempool.hear(message.news);
      case 'look':
        return void this.#tips.look();
      default:
        return message satisfies never;
    }
  }

  close(): void {
    this.#closing.abort();
    this.#reports[Symbol.dispose]();
    this.#tips.close();
    this.#mempool.pause();
    this.#client.close();
  }

  async #check({ id, job, tip }: ToChecker & { readonly kind: 'check' }): Promise<void> {
    if (this.#checks.size >= LIMITS.maxChecks) {
      const verdict = { kind: 'unavailable', reason: 'too many jobs are being looked at' } as const;
      return this.#post({ kind: 'verdict', id, verdict });
    }
    const own = new AbortController();
    this.#checks.set(id, own);
    try {
      const verdict = await this.#checker.check(id, job, tip, own.signal);
      if (own.signal.aborted) this.#checker.release(id);
      else this.#post({ kind: 'verdict', id, verdict });
    } catch (error) {
      if (own.signal.aborted) return;
      this.#log.error('a job could not be checked', { error });
      this.#post({ kind: 'verdict', id, verdict: { kind: 'unavailable', reason: 'the check failed' } });
    } finally {
      this.#checks.delete(id);
      this.#report();
    }
  }

  #onTip({ hash, height, nbits, minNtime }: WorkTip): void {
    this.#post({ kind: 'tip', tip: { hash, height, nbits, minNtime } });
    if (this.#isAway) this.#mempool.resume();
    this.#isAway = false;
    void this.#sweep(hash);
  }

  #onAway(reason: string): void {
    this.#post({ kind: 'away', reason });
    this.#mempool.pause();
    this.#isAway = true;
  }

  /** What the new block holds need not be provided again. */
  async #sweep(tipHash: Uint8Array): Promise<void> {
    if (this.#checker.status().validated === 0) return;
    const method = 'getblock';
    try {
      const options = { signal: this.#closing.signal, maxBytes: LIMITS.maxTemplateAnswer, lane: 'mempool' };
      const block = new Fields(method, await this.#client.call(method, [displayHash(tipHash), 1], options));
      const mined = new Set<HashKey>();
      for (const txid of block.list('tx')) if (typeof txid === 'string') mined.add(hashKey(fromDisplayHash(txid)));
      this.#checker.sweep(mined);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#log.debug('what the new block holds is not known', { error: String(error) });
    }
  }

  #report(): void {
    this.#post({ kind: 'status', status: this.#checker.status() });
  }
}
