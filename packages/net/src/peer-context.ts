import type { Limits } from './limits.ts';
import type { Clock, Logger, NetMetrics } from './ports.ts';

/** What all connections of a listener share. */
export interface PeerContext {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: NetMetrics;
  readonly limits: Limits;
}

/** A message of any protocol; `listen` and `connect` narrow it. */
export interface AnyMessage {
  readonly type: string;
}
