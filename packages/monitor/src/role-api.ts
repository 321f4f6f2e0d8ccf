import type { Listing } from './page.ts';
import type { HistoryQuery, Page, PayoutsQuery, WorkersQuery } from './schemas/page.ts';
import type { ConnectionView } from './schemas/connections.ts';
import type { LedgerView, PayoutsView } from './schemas/accounts.ts';
import type { ChannelView, HistoryView, SharesView, WorkerDetail, WorkerView } from './schemas/mining.ts';
import type { ListenView, PeerView, UpstreamView } from './schemas/network.ts';
import type { BlockView, JobDetail, JobView, TemplateDetail, TemplateView } from './schemas/work.ts';

type Eventually<T> = T | Promise<T>;

/**
 * What a role tells about itself: each method is a resource of the same name below /api/v1, and a role has those that
 * it has something to say to. A listing holds at most `page.limit` rows from `page.offset` on (`pageOf` cuts them).
 * Views are made when they are asked for; nothing is kept up to date for a reader who may never come.
 */
export interface RoleApi {
  channels?(page: Page): Eventually<Listing<ChannelView>>;
  workers?(query: WorkersQuery): Eventually<Listing<WorkerView>>;
  /** Undefined for a name that is not known; the query says how far back its history reaches. */
  worker?(name: string, query: HistoryQuery): Eventually<WorkerDetail | undefined>;
  shares?(): Eventually<SharesView>;
  /** At most `HISTORY_POINTS` points. */
  history?(query: HistoryQuery): Eventually<HistoryView>;
  jobs?(page: Page): Eventually<Listing<JobView>>;
  /** Undefined for an id that is not known, or no longer. */
  job?(id: string): Eventually<JobDetail | undefined>;
  templates?(page: Page): Eventually<Listing<TemplateView>>;
  /** Undefined for an id that is not known, or no longer. At most `TRANSACTIONS_LIMIT` transactions. */
  template?(id: string): Eventually<TemplateDetail | undefined>;
  /** The latest first. */
  blocks?(page: Page): Eventually<Listing<BlockView>>;
  listens?(): Eventually<readonly ListenView[]>;
  upstreams?(): Eventually<readonly UpstreamView[]>;
  peers?(page: Page): Eventually<Listing<PeerView>>;
  /** Those that can be watched; whoever opens the surface has them of all roles in the process. */
  connections?(page: Page): Eventually<Listing<ConnectionView>>;
  payouts?(query: PayoutsQuery): Eventually<PayoutsView>;
  ledger?(): Eventually<LedgerView>;
}
