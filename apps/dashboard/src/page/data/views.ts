// What the roles answer: types only, so that nothing of a server is in the page.
import type { HistoryView } from '@sv2kit/monitor';

export type {
  BlockView,
  ChannelView,
  CoinbaseOutputView,
  ConditionView,
  ConnectionView,
  EventRecord,
  HashrateView,
  HealthView,
  HistoryView,
  JobView,
  LedgerView,
  Listing,
  ListenView,
  PayoutsView,
  PeerView,
  SharesView,
  TemplateView,
  TransactionView,
  UpstreamView,
  WorkerDetail,
  WorkerView,
} from '@sv2kit/monitor';

/** A row of `./roles`. */
export interface RoleEntry {
  readonly name: string;
  /** Relative to the page: what the role answers is below it. */
  readonly path: string;
  readonly state: 'reachable' | 'unreachable' | 'refused';
  readonly reason?: string;
  readonly sinceMs: number;
}

/** What `/api/v1/role` says. */
export interface RoleInfo {
  readonly name: string;
  readonly version: string;
  readonly pid: number;
  readonly node: string;
  readonly startedAtMs: number;
  readonly uptimeSeconds: number;
  readonly resources: readonly string[];
}

/** A stretch of `/api/v1/history`. */
export type HistoryPoint = HistoryView['points'][number];
