import type { MonitorClock } from './clock.ts';
import type { Connections } from './connections.ts';
import type { Events } from './events.ts';
import type { RoleApi } from './role-api.ts';
import type { ConditionView, HealthView } from './schemas/health.ts';

/** What the surface says when something goes wrong: the daemon's logger is one. */
export interface MonitorLog {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface MonitorOptions {
  /** Where it listens; port 0 lets the system choose. */
  readonly address: { readonly host: string; readonly port: number };
  /** What readers must show; without one everybody is answered who can reach the address. */
  readonly token?: string | undefined;
  /** The folder of the built dashboard, which is then served at /dashboard/. */
  readonly page?: string | undefined;
  /** The role: pool, template-provider … */
  readonly name: string;
  readonly version: string;
  /** Unix milliseconds. */
  readonly startedAtMs: number;
  readonly log: MonitorLog;
  readonly clock: MonitorClock;
  readonly events: Events;
  /** What may be watched at /api/v1/connections; nothing when left out. */
  readonly connections?: Connections | undefined;
  /** The Prometheus text format. */
  metricsText(): Promise<string>;
  health(): Omit<HealthView, 'conditions'> & { readonly conditions: readonly ConditionView[] };
  /** What /status answers: JSON, and texts where it has bigint. */
  status(): Promise<object>;
  /** How addresses of peers are written; in full when left out. */
  redact?(text: string): string;
  /** What is answered below /api/v1. */
  api(): RoleApi;
}

/** A running surface. */
export interface Monitor {
  readonly address: { readonly host: string; readonly port: number };
  /** What readers must show from now on; undefined for nothing. */
  setToken(token: string | undefined): void;
  /** Ends all connections at once. */
  close(): Promise<void>;
}
