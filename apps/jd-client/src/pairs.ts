import { type AgreedOutputs, type Failure, isMisconduct, PairChooser } from '@sv2kit/declaration';
import { JD_CLIENT_LIMITS } from './limits.ts';
import { Pair } from './pair.ts';
import type { PairContext } from './pair-context.ts';
import type { ListedUpstream } from './upstream-config.ts';

/** What follows the choice of a pair. */
export interface PairsListener {
  /** This pair is to be mined for; its declarer may be another than before. */
  onUse(pair: Pair): void;
  /** None is: the failure of the pair that was left last, or that was tried last. */
  onNone(failure: Failure): void;
  onOutputs(pair: Pair, agreed: AgreedOutputs): void;
  /** Shares for the pair in use are worth another difficulty. */
  onTarget(pair: Pair): void;
  /** The pair in use has got a token. */
  onToken(pair: Pair): void;
  /** The jobs of the pair in use have another mark in their coinbase from now on. */
  onMarked(pair: Pair): void;
  /** Whether templates leave room for these outputs already. */
  hasRoom(agreed: AgreedOutputs): boolean;
}

/** The listed pairs of pool and job declarator server: which run, which one is mined for. */
export class Pairs {
  readonly list: readonly Pair[];
  readonly #chooser: PairChooser;
  readonly #context: PairContext;
  readonly #listener: PairsListener;
  /** Pairs that are ready but for the room that templates leave, and since when. */
  readonly #cramped = new Map<Pair, number>();
  /** Until when pairs that were left for a better one stay connected. */
  readonly #lingering = new Map<Pair, number>();
  #used: Pair | undefined;
  #failure: Failure = { reason: 'starting' };
  #probedMs = -Infinity;
  #planning = false;
  #again = false;

  constructor(upstreams: readonly ListedUpstream[], context: PairContext, listener: PairsListener) {
    const { clock, knobs } = context;
    this.#context = context;
    this.#listener = listener;
    this.#chooser = new PairChooser(upstreams.length, clock.now(), knobs.pairs);
    this.list = upstreams.map(
      (upstream, index) =>
        new Pair(index, upstream, context, {
          onReady: (pair) => this.#onReady(pair),
          onFailure: (pair, failure) => this.#onFailure(pair, failure),
          onOutputs: (pair, agreed) => listener.onOutputs(pair, agreed),
          onTarget: (pair) => {
            if (pair === this.#used) listener.onTarget(pair);
          },
          onToken: (pair) => {
            if (pair === this.#used) listener.onToken(pair);
          },
          onMarked: (pair) => {
            if (pair === this.#used) listener.onMarked(pair);
          },
        }),
    );
  }

  /** The pair that is mined for. */
  get used(): Pair | undefined {
    return this.#used;
  }

  /** When a pair that is passed over is tried again, in unix milliseconds. */
  benchedUntil(pair: Pair): number | undefined {
    return this.#chooser.benchedUntil(pair.index, this.#context.clock.now());
  }

  tipMoved(nowMs: number): void {
    for (const pair of this.list) pair.tipMoved(nowMs);
  }

  /** Templates with more room have come. */
  roomGrew(): void {
    for (const pair of [...this.#cramped.keys()]) {
      this.#cramped.delete(pair);
      if (pair.declarer !== undefined) this.#onReady(pair);
    }
  }

  tick(nowMs: number): void {
    for (const pair of this.list) if (pair.running) pair.tick(nowMs);
    for (const [pair, sinceMs] of this.#cramped) {
      if (nowMs - sinceMs <= JD_CLIENT_LIMITS.roomMs) continue;
      this.#cramped.delete(pair);
      this.#onFailure(pair, { reason: 'outputs-too-large', detail: `${pair.agreed?.size ?? 0} bytes` });
    }
    this.plan();
    this.#probe(nowMs);
  }

  /** Starts, stops and uses what the chooser wants. */
  plan(): void {
    // What is started or stopped may say at once how that went.
    this.#again = true;
    if (this.#planning) return;
    this.#planning = true;
    try {
      this.#follow();
    } finally {
      this.#planning = false;
    }
  }

  #follow(): void {
    while (this.#again) {
      this.#again = false;
      const { use, run } = this.#chooser.plan(this.#context.clock.now());
      const nowMs = this.#context.clock.now();
      const used = use === undefined ? undefined : this.list[use];
      const before = this.#used;
      if (used !== before && before?.declarer !== undefined) {
        this.#lingering.set(before, nowMs + JD_CLIENT_LIMITS.lingerMs);
      }
      this.#used = used;
      for (const pair of this.list) {
        if (run.has(pair.index)) pair.start();
        else if (nowMs >= (this.#lingering.get(pair) ?? 0)) pair.stop();
      }
      if (used === before) continue;
      if (used === undefined) this.#listener.onNone(this.#failure);
      else if (used.declarer !== undefined) this.#listener.onUse(used);
      before?.renew();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.list.map((pair) => pair.close()));
  }

  #onReady(pair: Pair): void {
    if (pair.agreed !== undefined && !this.#listener.hasRoom(pair.agreed)) {
      if (!this.#cramped.has(pair)) this.#cramped.set(pair, this.#context.clock.now());
      if (pair === this.#used)
        this.#onFailure(pair, { reason: 'outputs-too-large', detail: 'until templates have room' });
      return;
    }
    this.#chooser.ready(pair.index);
    if (pair === this.#used) this.#listener.onUse(pair);
    else this.plan();
  }

  #onFailure(pair: Pair, failure: Failure): void {
    const nowMs = this.#context.clock.now();
    if (this.#used === pair) this.#context.totals.fallBack(failure.reason);
    if (this.#used === pair || this.#used === undefined) this.#failure = failure;
    this.#lingering.delete(pair);
    if (isMisconduct(failure.reason) && !this.#cramped.has(pair)) this.#chooser.misbehaved(pair.index, nowMs);
    else this.#chooser.lost(pair.index, nowMs);
    this.plan();
  }

  /** Templates must leave room for every listed pool's outputs, so that a change of pools waits for none. */
  #probe(nowMs: number): void {
    if (nowMs - this.#probedMs < JD_CLIENT_LIMITS.probeMs) return;
    const unknown = this.list.filter((pair) => pair.agreed === undefined && !pair.running);
    if (unknown.length === 0 || this.#used === undefined) return;
    this.#probedMs = nowMs;
    for (const pair of unknown) {
      pair.probe().catch((error: unknown) => this.#context.log.error('a server could not be asked', { error }));
    }
  }
}
