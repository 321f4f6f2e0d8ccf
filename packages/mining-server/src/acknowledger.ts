import type { ServerContext } from './context.ts';
import type { Miner } from './miner.ts';

/** Sends SubmitShares.Success behind the journal's watermark, batched by count and time (§5.3.13). */
export class Acknowledger {
  readonly #context: ServerContext;
  readonly #waiting = new Set<Miner>();
  #timer: Disposable | undefined;
  #lastPosition = 0;
  #isHurried = false;
  readonly #waited = (ms: number): void => this.#context.deps.metrics.shareToSuccess.record(ms);

  constructor(context: ServerContext) {
    this.#context = context;
    const { journal } = context.deps;
    journal.onWatermark(() => this.#onWatermark());
    journal.onState((state) => {
      if (state.kind === 'failed' && !state.retrying) this.#refuseAll();
    });
  }

  /** Channels with shares that are not acknowledged. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Of the record that was added last; 0 before. */
  get lastPosition(): number {
    return this.#lastPosition;
  }

  /** @param position of the share's record. @param arrived when the share arrived, in ticks */
  add(miner: Miner, sequenceNumber: number, work: number, position: number, arrived: number): void {
    this.#lastPosition = position;
    miner.acknowledgements.add(sequenceNumber, work, position, arrived);
    if (this.#isHurried) miner.acknowledgements.hurry();
    this.#waiting.add(miner);
  }

  /** From now on whatever is on disk is acknowledged at once. */
  hurry(): void {
    this.#isHurried = true;
    for (const { acknowledgements } of this.#waiting) acknowledgements.hurry();
    this.#onWatermark();
  }

  /** The channel ends: what is on disk is acknowledged. */
  leave(miner: Miner): void {
    miner.acknowledgements.hurry();
    this.#send(miner, this.#context.ticks());
    this.#waiting.delete(miner);
  }

  close(): void {
    this.#timer?.[Symbol.dispose]();
  }

  #onWatermark(): void {
    const now = this.#context.ticks();
    for (const miner of this.#waiting) this.#send(miner, now);
    this.#schedule();
  }

  #send(miner: Miner, now: number): void {
    const { acknowledgements, downstream } = miner;
    const success = acknowledgements.take(this.#context.deps.journal.watermark, now, this.#waited);
    if (success !== undefined) downstream.connection.send(success);
    if (acknowledgements.pending === 0) this.#waiting.delete(miner);
  }

  /** A batch that is on disk but neither full nor due yet: the watermark may not move again. */
  #schedule(): void {
    if (this.#timer !== undefined || this.#waiting.size === 0) return;
    this.#timer = this.#context.deps.clock.after(this.#context.config.batch.delayMs, () => {
      this.#timer = undefined;
      this.#onWatermark();
    });
  }

  /** What could not be recorded will not be credited, and the miner is told so. */
  #refuseAll(): void {
    for (const miner of this.#waiting) {
      const { acknowledgements, downstream, channel } = miner;
      miner.unrecordedAtMs = this.#context.deps.clock.now();
      for (const sequenceNumber of acknowledgements.fail()) {
        const errorCode = 'ledger-unavailable';
        downstream.connection.send({
          type: 'SubmitSharesError',
          channelId: channel.channelId,
          sequenceNumber,
          errorCode,
        });
      }
    }
    this.#waiting.clear();
  }
}
