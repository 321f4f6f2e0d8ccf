import { type Clock, type Logger, pause } from '../host.ts';
import { LIMITS } from '../limits.ts';
import type { RpcClient } from '../rpc-client.ts';
import { RpcError } from '../rpc-error.ts';
import type { KnownTransactions } from './known-transactions.ts';
import { MempoolMirror } from './mempool-mirror.ts';
import type { CheckerSettings } from './messages.ts';

/** With ZMQ, asking only finds out what was missed. */
const SLOWER_WITH_ZMQ = 10;

export interface MempoolLoopParts {
  readonly client: RpcClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly known: KnownTransactions;
  readonly settings: Pick<CheckerSettings, 'mempoolIntervalMs' | 'zmqSequence'>;
}

/** Asks for the mempool again and again while the node is there. */
export class MempoolLoop {
  readonly #parts: MempoolLoopParts;
  readonly #mirror: MempoolMirror;
  #run: AbortController | undefined;

  constructor(parts: MempoolLoopParts) {
    this.#parts = parts;
    this.#mirror = new MempoolMirror(parts.client, parts.known, parts.clock);
  }

  resume(): void {
    this.#run?.abort();
    this.#run = new AbortController();
    void this.#loop(this.#run.signal);
  }

  pause(): void {
    this.#run?.abort();
    this.#run = undefined;
  }

  close(): void {
    this.pause();
  }

  async #loop(signal: AbortSignal): Promise<void> {
    const { clock, log, settings } = this.#parts;
    while (!signal.aborted) {
      const startedMs = clock.now();
      try {
        await this.#mirror.sync(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof RpcError)) throw error;
        log.debug('the mempool was not read', { reason: error.message });
      }
      const tookMs = clock.now() - startedMs;
      const everyMs = settings.mempoolIntervalMs * (settings.zmqSequence === undefined ? 1 : SLOWER_WITH_ZMQ);
      await pause(clock, Math.max(everyMs, tookMs / LIMITS.mempoolDuty), signal);
    }
  }
}
