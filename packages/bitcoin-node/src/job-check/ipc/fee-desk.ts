import { displayHash } from '@sv2kit/bitcoin';
import type { Clock, Logger } from '../../host.ts';
import { LIMITS } from '../../limits.ts';
import { isNodeFault, type WorkTip } from '../back-end.ts';
import type { CheckedTransaction } from '../checked-transaction.ts';
import { type FeeSource, fillFees } from '../rpc/fees.ts';

/**
 * Finds out the fees that the node's templates did not tell, so that before long all are known. Jobs do not depend on
 * it: what a coinbase may claim can be asked for as a whole. So a node that does not answer is left alone for a while.
 */
export class FeeDesk {
  readonly #clock: Clock;
  readonly #log: Logger;
  #restsUntilMs = Number.NEGATIVE_INFINITY;
  #isBusy = false;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Fills in a few fees.
   *
   * @param source where the node can be asked
   * @returns false when the tip is another by now
   */
  async ask(
    source: FeeSource | undefined,
    transactions: readonly CheckedTransaction[],
    tip: WorkTip,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (source === undefined || this.#clock.now() < this.#restsUntilMs) return true;
    try {
      return await fillFees(source, transactions, displayHash(tip.hash), signal, LIMITS.feeQuestions);
    } catch (error) {
      if (signal.aborted) return true;
      if (!isNodeFault(error)) throw error;
      this.#restsUntilMs = this.#clock.now() + LIMITS.feeRestMs;
      this.#log.debug('the fees of transactions are not known', { reason: error.message });
      return true;
    }
  }

  /** The same for jobs to come, while nobody waits for it: of one job at a time. */
  async askMeanwhile(...job: Parameters<FeeDesk['ask']>): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      await this.ask(...job);
    } finally {
      this.#isBusy = false;
    }
  }
}
