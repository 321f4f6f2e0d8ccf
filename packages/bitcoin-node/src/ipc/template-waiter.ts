import { pause, stopwatch } from '../host.ts';
import { LIMITS } from '../limits.ts';
import type { Lane } from './client/lane.ts';
import type { TemplateHandle } from './client/template-handle.ts';
import type { WaitOptions } from './client/types.ts';
import type { HeldStreamParts } from './held-stream.ts';
import { readTemplate, type TemplateReading } from './held-template.ts';
import type { IpcSession } from './ipc-session.ts';

/** A template at the node, and what it says at once. */
export interface Found {
  readonly handle: TemplateHandle;
  readonly reading: TemplateReading;
}

/** Chains on which a node may stay behind for days and catch up at some time: it gives no template meanwhile. */
const CATCHES_UP: ReadonlySet<string | undefined> = new Set(['mainnet', 'testnet', 'testnet4']);

/**
 * One stream's turn at the node, on two threads of the node that nobody else has: one that waits, one that reads. A new
 * tip ends every wait at once; better fees do only when the last template is old enough.
 */
export class TemplateWaiter {
  readonly #parts: HeldStreamParts;
  readonly #session: IpcSession;
  readonly #signal: AbortSignal;
  readonly #waits: Lane;
  readonly #reads: Lane;
  readonly #elapsed: () => number;
  /** When better fees may come on the same tip. */
  #feesFromMs = 0;
  /** When the node was asked last, and whether its last answer came too soon to say anything. */
  #askedMs = 0;
  #isEarly = false;
  #isIdle: Promise<unknown> = Promise.resolve();

  /** @throws IpcError */
  static async open(parts: HeldStreamParts, session: IpcSession, signal: AbortSignal): Promise<TemplateWaiter> {
    const { client } = session;
    const [waits, reads] = await Promise.all([client.lane('wait'), client.lane('read')]);
    return new TemplateWaiter(parts, session, signal, { waits, reads });
  }

  private constructor(
    parts: HeldStreamParts,
    session: IpcSession,
    signal: AbortSignal,
    { waits, reads }: { readonly waits: Lane; readonly reads: Lane },
  ) {
    this.#parts = parts;
    this.#elapsed = stopwatch(parts.clock);
    this.#session = session;
    this.#signal = signal;
    this.#waits = waits;
    this.#reads = reads;
  }

  /**
   * The template that follows on `current`, or the first; undefined when the signal has aborted.
   *
   * @throws IpcError
   */
  async next(current: TemplateHandle | undefined): Promise<Found | undefined> {
    const handle = await (current === undefined ? this.#first() : this.#after(current));
    if (handle === undefined) return undefined;
    try {
      return { handle, reading: await readTemplate(handle, this.#reads) };
    } catch (error) {
      handle.release();
      throw error;
    }
  }

  /** From now on it is as long as the refresh interval until fees matter again. */
  restart(): void {
    const { refreshIntervalMs } = this.#parts;
    // The node looks at fees for the first time a tick after it was asked to.
    this.#feesFromMs = this.#elapsed() + Math.max(0, refreshIntervalMs - LIMITS.ipcFeeTickMs);
  }

  /** Whether better fees on the same tip are worth a template. */
  get areFeesDue(): boolean {
    return this.#elapsed() >= this.#feesFromMs;
  }

  /** What came was no news: at most one such is asked for in each tick. */
  async rest(): Promise<void> {
    const leftMs = this.#askedMs + LIMITS.ipcFeeTickMs - this.#elapsed();
    const wasEarly = this.#isEarly;
    this.#isEarly = leftMs > LIMITS.ipcWaitSlackMs;
    if (this.#isEarly && wasEarly) await pause(this.#parts.clock, leftMs, this.#signal);
  }

  /** Gives the threads back, as soon as they have nothing to do. */
  close(): void {
    void this.#isIdle.then(() => {
      this.#waits.release();
      this.#reads.release();
    });
  }

  async #first(): Promise<TemplateHandle | undefined> {
    const { client, network } = this.#session;
    const { reserve, clock, next } = this.#parts;
    // What the first template is held against.
    const tip = await client.getTip(this.#reads);
    if (tip !== undefined) next.tipIs(tip);
    const options = { reservedWeight: reserve.weight, sigops: reserve.sigops };
    const cooldown = CATCHES_UP.has(network);
    while (!this.#signal.aborted) {
      if (cooldown) await this.#tellDownload();
      const made = client.createNewBlock(this.#waits, options, { cooldown });
      const handle = await this.#unlessAborted(made, () => client.interrupt());
      if (handle !== undefined || this.#signal.aborted) return handle;
      await pause(clock, LIMITS.ipcWaitSlackMs, this.#signal);
    }
    return undefined;
  }

  async #tellDownload(): Promise<void> {
    const { client } = this.#session;
    if (!(await client.isInitialBlockDownload(this.#reads))) return;
    const tip = await client.getTip(this.#reads);
    const where = tip === undefined ? '' : ` and is at block ${tip.height}`;
    this.#parts.status.hold({ kind: 'ibd', reason: `the node downloads the chain${where}` });
  }

  async #after(current: TemplateHandle): Promise<TemplateHandle | undefined> {
    const { clock } = this.#parts;
    while (!this.#signal.aborted) {
      this.#askedMs = this.#elapsed();
      const options = this.#waitOptions();
      const next = await this.#unlessAborted(current.waitNext(this.#waits, options), () => current.interruptWait());
      if (next !== undefined) return next;
      if (options.feeThreshold !== undefined) this.#feesFromMs = this.#elapsed() + this.#othersTurnMs;
      // An interrupt that crossed an answer ends the next wait too; a node that stops ends them all, until it is gone.
      const wasEarly = this.#isEarly;
      this.#isEarly = this.#elapsed() - this.#askedMs < options.timeoutMs - LIMITS.ipcWaitSlackMs;
      if (this.#isEarly && wasEarly) await pause(clock, LIMITS.ipcWaitSlackMs, this.#signal);
    }
    return undefined;
  }

  get #othersTurnMs(): number {
    return (this.#parts.streams.count - 1) * LIMITS.ipcFeeTickMs;
  }

  #waitOptions(): WaitOptions {
    const { feeThreshold } = this.#parts;
    const leftMs = this.#feesFromMs - this.#elapsed();
    if (leftMs <= 0) {
      // Each look is a template that the node makes, and nobody else gets one meanwhile: streams take turns.
      const isAlone = this.#parts.streams.count <= 1;
      return { timeoutMs: isAlone ? LIMITS.ipcWaitMs : LIMITS.ipcFeeTickMs, feeThreshold };
    }
    return { timeoutMs: Math.min(leftMs, LIMITS.ipcWaitMs) };
  }

  /** What comes after all when nobody waits any more is given back. */
  async #unlessAborted(
    made: Promise<TemplateHandle | undefined>,
    interrupt: () => Promise<void>,
  ): Promise<TemplateHandle | undefined> {
    const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
    const abort = (): void => {
      interrupt().catch(() => {});
      resolve(undefined);
    };
    const over = made.then(
      (handle) => this.#signal.aborted && handle?.release(),
      () => {},
    );
    this.#isIdle = over;
    this.#signal.addEventListener('abort', abort, { once: true });
    if (this.#signal.aborted) abort();
    try {
      return await Promise.race([made, aborted]);
    } finally {
      this.#signal.removeEventListener('abort', abort);
    }
  }
}
