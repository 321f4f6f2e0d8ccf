import { displayHash, fromDisplayHash } from '@sv2kit/bitcoin';
import type { Clock, Logger } from '../host.ts';
import { LIMITS } from '../limits.ts';
import { createRpcClient, type RpcClient } from '../rpc-client.ts';
import { type HashKey, hashKey } from './checked-transaction.ts';
import { Checker } from './checker.ts';
import { MempoolLoop } from './mempool-loop.ts';
import type { CheckerSettings, FromChecker, ToChecker } from './messages.ts';
import { TipKeeper, type WorkTip } from './tip-keeper.ts';
import { Fields } from '../fields.ts';

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
  #reason: string | undefined = 'the node has not answered yet';

  constructor(
    settings: CheckerSettings,
    clock: Clock,
    log: Logger,
    post: (message: FromChecker, transfer?: readonly ArrayBuffer[]) => void,
  ) {
    const { url, credentials, chain, knownBlocks, pollIntervalMs, concurrency } = settings;
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
      onChange: (tip, reason) => this.#onTip(tip, reason),
    });
    this.#mempool = new MempoolLoop({
      client: this.#client,
      clock,
      log,
      known: this.#checker.known,
      settings,
      onBlock: () => void this.#tips.look(),
    });
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
    this.#mempool.close();
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
    }
  }

  #onTip(tip: WorkTip | undefined, reason: string | undefined): void {
    const wasAway = this.#reason !== undefined;
    this.#reason = reason;
    if (tip === undefined) {
      this.#post({ kind: 'tip', tip: undefined });
      this.#mempool.pause();
    } else {
      const { hash, height, nbits, minNtime } = tip;
      this.#post({ kind: 'tip', tip: { hash, height, nbits, minNtime } });
      if (wasAway) this.#mempool.resume();
      void this.#sweep(tip);
    }
    this.#report();
  }

  /** What the new block holds need not be provided again. */
  async #sweep(tip: WorkTip): Promise<void> {
    if (this.#checker.status().validated === 0) return;
    const method = 'getblock';
    try {
      const options = { signal: this.#closing.signal, maxBytes: LIMITS.maxTemplateAnswer, lane: 'mempool' };
      const block = new Fields(method, await this.#client.call(method, [displayHash(tip.hash), 1], options));
      const mined = new Set<HashKey>();
      for (const txid of block.list('tx')) if (typeof txid === 'string') mined.add(hashKey(fromDisplayHash(txid)));
      this.#checker.sweep(mined);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#log.debug('what the new block holds is not known', { error: String(error) });
    }
  }

  #report(): void {
    const status = this.#checker.status();
    this.#post({
      kind: 'status',
      status: this.#reason === undefined ? status : { ...status, reason: this.#reason },
    });
  }
}
