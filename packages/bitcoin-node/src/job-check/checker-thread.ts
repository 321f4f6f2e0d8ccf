import type { Clock, Logger } from '../host.ts';
import { LIMITS } from '../limits.ts';
import { type BackEnd, isNodeFault, type WorkTip } from './back-end.ts';
import { Checker } from './checker.ts';
import type { CheckerSettings, FromChecker, ToChecker } from './messages.ts';
import { openBackEnd } from './open-back-end.ts';

/** All that the checker's thread does, apart from being a thread. */
export class CheckerThread {
  readonly #backEnd: BackEnd;
  readonly #checker: Checker;
  readonly #log: Logger;
  readonly #post: (message: FromChecker, transfer?: readonly ArrayBuffer[]) => void;
  readonly #checks = new Map<number, AbortController>();
  readonly #reports: Disposable;
  #isClosed = false;

  constructor(
    settings: CheckerSettings,
    clock: Clock,
    log: Logger,
    post: (message: FromChecker, transfer?: readonly ArrayBuffer[]) => void,
    random: () => number = Math.random,
  ) {
    this.#post = post;
    this.#log = log;
    this.#backEnd = openBackEnd(settings, {
      clock,
      log,
      random,
      onTip: (tip) => this.#onTip(tip),
      onAway: (reason) => this.#post({ kind: 'away', reason }),
    });
    this.#checker = new Checker({ backEnd: this.#backEnd, clock, concurrency: settings.concurrency });
    this.#reports = clock.every(LIMITS.statusIntervalMs, () => this.#report());
    this.#backEnd.start();
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
        return this.#backEnd.hear(message.news);
      case 'look':
        return this.#backEnd.look();
      case 'close':
        return void this.close().finally(() => this.#post({ kind: 'closed' }));
      default:
        return message satisfies never;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#reports[Symbol.dispose]();
    this.#checker[Symbol.dispose]();
    await this.#backEnd.close();
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
    void this.#sweep(hash);
  }

  /** What the new block holds need not be provided again. */
  async #sweep(tipHash: Uint8Array): Promise<void> {
    if (this.#checker.status().validated === 0) return;
    try {
      this.#checker.sweep(await this.#backEnd.mined(tipHash));
    } catch (error) {
      if (this.#isClosed) return;
      if (!isNodeFault(error)) throw error;
      this.#log.debug('what the new block holds is not known', { error: error.message });
    }
  }

  #report(): void {
    this.#post({ kind: 'status', status: this.#checker.status() });
  }
}
