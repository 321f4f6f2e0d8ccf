import {
  type Connections,
  type DestinationStatus,
  type Events,
  type Monitor,
  openMonitor,
  type RoleApi,
} from '@sv2kit/monitor';
import type { Clock } from './clock.ts';
import type { Address } from './config/address.ts';
import type { HealthReport } from './health.ts';
import type { LatencySummary } from './latency.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { programVersion } from './program-version.ts';

/** What GET /status answers. */
export interface StatusReport extends HealthReport {
  readonly name: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly uptimeSeconds: number;
  /** Counters and gauges by series, e.g. `sv2_pool_shares_total{outcome="accepted"}`. */
  readonly counters: Readonly<Record<string, number>>;
  readonly latency: Readonly<Record<string, LatencySummary>>;
  /** Whom it tells of what happens, and how well that goes. */
  readonly notifications?: readonly DestinationStatus[];
  /** What the service itself adds. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface MonitoringOptions {
  readonly name: string;
  readonly startedAtMs: number;
  readonly address: Address;
  /** What readers must show; undefined for none. */
  readonly token: string | undefined;
  /** The folder of the built dashboard, when it is. */
  readonly page?: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly events: Events;
  readonly connections: Connections;
  /** How addresses of peers are written. */
  redact(text: string): string;
  health(): HealthReport;
  status(): Promise<StatusReport>;
  api(): RoleApi;
}

/** Serves the surface of a service: health, metrics, status and its API. Read-only. */
export function openMonitoring({ metrics, ...options }: MonitoringOptions): Promise<Monitor> {
  return openMonitor({ ...options, version: programVersion(), metricsText: () => metrics.text() });
}
