import type { Failure } from '@sv2kit/declaration';
import type { Payout } from '@sv2kit/mining';
import type { ExtranoncePlace } from '@sv2kit/mining-server';
import type { Clock, Logger } from '@sv2kit/net';
import type { WorkSink } from '@sv2kit/template-source';
import type { Declarer } from './declarer.ts';
import type { Totals } from './totals.ts';

/** The mining server as the desk uses it. */
export interface Miners extends WorkSink {
  /** What jobs are made with has changed: payout outputs, and where extranonces lie. */
  renew(change?: { readonly extranonce?: ExtranoncePlace }): void;
  /** No device gets a harder target: the pool would not pay for it. */
  setUsefulDifficulty(difficulty: number | undefined): void;
}

/** What devices mine for. */
export type Aim =
  /** Nothing yet: the first pool is waited for. */
  | { readonly kind: 'waiting'; readonly sinceMs: number }
  | { readonly kind: 'solo'; readonly failure: Failure; readonly sinceMs: number }
  | { readonly kind: 'pooled'; readonly declarer: Declarer; readonly sinceMs: number };

export interface WorkDeskOptions {
  readonly miners: () => Miners;
  /** What a block pays without a pool. */
  readonly solo: Payout;
  readonly totals: Totals;
  /** Of all devices, in hashes per second. */
  readonly hashrate: () => number;
  readonly clock: Clock;
  readonly log: Logger;
  /** A template is worked on now. */
  onTemplate(kind: 'activated' | 'update'): void;
  /** The chain has another tip. */
  onTipMoved(nowMs: number): void;
}
