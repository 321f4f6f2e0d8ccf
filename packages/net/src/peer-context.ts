import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import {
  type Clock,
  type ConnectionBook,
  type Logger,
  type NetMetrics,
  noMetrics,
  silentLogger,
  systemClock,
} from './ports.ts';

/** What all connections of a listener share. */
export interface PeerContext {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: NetMetrics;
  readonly limits: Limits;
  readonly connections: ConnectionBook | undefined;
}

/** A message of any protocol; `listen` and `connect` narrow it. */
export interface AnyMessage {
  readonly type: string;
}

/** What every way into this package may be given. */
export interface Surroundings {
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly metrics?: NetMetrics;
  readonly connections?: ConnectionBook | undefined;
}

export function contextOf({ limits, clock, log, metrics, connections }: Surroundings): PeerContext {
  return {
    clock: clock ?? systemClock,
    log: log ?? silentLogger,
    metrics: metrics ?? noMetrics,
    limits: { ...DEFAULT_LIMITS, ...limits },
    connections,
  };
}
