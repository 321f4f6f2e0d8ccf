/**
 * The HTTP surface of a role: health, metrics, an API with its OpenAPI document, and live events.
 *
 * @packageDocumentation
 */
export type { MonitorClock } from './clock.ts';
export { Connections, type TapListener, type TappedConnection } from './connections.ts';
export { MONITOR_ERRORS, type MonitorErrorCode, Refusal, Unavailable } from './errors.ts';
export { EVENT_TYPES, type EventType } from './event-types.ts';
export { Events, type EventsOptions } from './events.ts';
export { MONITOR_LIMITS } from './limits.ts';
export type { Place } from './notify/channel.ts';
export type { BlockStatusName } from './notify/desk.ts';
export { NOTIFY_LIMITS } from './notify/limits.ts';
export {
  type Destination,
  type DestinationStatus,
  type Notifier,
  openNotifier,
  sendTestNotice,
} from './notify/notifier.ts';
export { openMonitor } from './open-monitor.ts';
export type { Monitor, MonitorLog, MonitorOptions } from './options.ts';
export { HISTORY_POINTS, type Listing, PAGE_LIMIT, pageOf, TRANSACTIONS_LIMIT } from './page.ts';
export type { RoleApi } from './role-api.ts';
export type { DueView, LedgerView, PayoutsView } from './schemas/accounts.ts';
export type { EventRecord, MonitorEvent } from './schemas/events.ts';
export type { ConnectionView, WireMessageView } from './schemas/connections.ts';
export type { ConditionView, HealthView } from './schemas/health.ts';
export type { ChannelView, HistoryView, SharesView, WorkerDetail, WorkerView } from './schemas/mining.ts';
export type { ListenView, PeerView, UpstreamView } from './schemas/network.ts';
export type { HistoryQuery, Page, PayoutsQuery, WorkersQuery } from './schemas/page.ts';
export type { HashrateView } from './schemas/shape.ts';
export type {
  BlockView,
  CoinbaseOutputView,
  JobDetail,
  JobView,
  TemplateDetail,
  TemplateView,
  TransactionView,
} from './schemas/work.ts';
export { Reader } from './surface/reader.ts';
export { type KnownTransaction, transactionsView } from './transactions.ts';
export { loadWeb, type WebParts } from './web/load-web.ts';
export type { PageOptions } from './web/page-routes.ts';
export type { OpenWeb, Web, WebOptions } from './web/web.ts';
