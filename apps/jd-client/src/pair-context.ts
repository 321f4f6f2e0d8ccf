import type { AgreedOutputs, Failure } from '@sv2kit/declaration';
import type { Clock, ConnectionBook, Logger } from '@sv2kit/net';
import type { TransactionStore } from '@sv2kit/template-source';
import type { Knobs } from './knobs.ts';
import type { JdClientMetrics } from './metrics.ts';
import type { Pair } from './pair.ts';
import type { Totals } from './totals.ts';

/** What all pairs share. */
export interface PairContext {
  readonly knobs: Knobs;
  readonly tag: Uint8Array;
  readonly transactions: TransactionStore;
  /** Of all devices, in hashes per second. */
  readonly hashrate: () => number;
  /** Since when a template provider tells us of the tip, in unix milliseconds; Infinity while none does. */
  readonly tipKnownSinceMs: () => number;
  readonly totals: Totals;
  readonly metrics: JdClientMetrics;
  readonly clock: Clock;
  readonly log: Logger;
  readonly security?: 'noise' | 'plain' | undefined;
  readonly connections?: ConnectionBook | undefined;
}

/** What the client as a whole wants to know of a pair. */
export interface PairListener {
  /** It can be mined for: with the pair's present declarer, which may be a new one. */
  onReady(pair: Pair): void;
  /** It cannot be mined for (any more). */
  onFailure(pair: Pair, failure: Failure): void;
  /** Which outputs its server allocates. */
  onOutputs(pair: Pair, agreed: AgreedOutputs): void;
  /** Shares of its jobs are worth another difficulty. */
  onTarget(pair: Pair): void;
  /** A token has come. */
  onToken(pair: Pair): void;
  /** Its jobs have another mark in their coinbase from now on. */
  onMarked(pair: Pair): void;
}
