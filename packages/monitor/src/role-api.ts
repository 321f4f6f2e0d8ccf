import type { Listing } from './page.ts';
import type { Page, PayoutsQuery, WorkersQuery } from './schemas/page.ts';
import type { LedgerView, PayoutsView } from './schemas/accounts.ts';
import type { ChannelView, SharesView, WorkerDetail, WorkerView } from './schemas/mining.ts';
import type { PeerView, UpstreamView } from './schemas/network.ts';
import type { BlockView, JobView, TemplateView } from './schemas/work.ts';

type Eventually<T> = T | Promise<T>;

/**
 * What a role tells about itself: each method is a resource of the same name below /api/v1, and a role has those that
 * it has something to say to. A listing holds at most `page.limit` rows from `page.offset` on (`pageOf` cuts them).
 * Views are made when they are asked for; nothing is kept up to date for a reader who may never come.
 */
export interface RoleApi {
  channels?(page: Page): Eventually<Listing<ChannelView>>;
  workers?(query: WorkersQuery): Eventually<Listing<WorkerView>>;
  /** Undefined for a name that is not known. */
  worker?(name: string): Eventually<WorkerDetail | undefined>;
  shares?(): Eventually<SharesView>;
  jobs?(page: Page): Eventually<Listing<JobView>>;
  templates?(page: Page): Eventually<Listing<TemplateView>>;
  /** The latest first. */
  blocks?(page: Page): Eventually<Listing<BlockView>>;
  upstreams?(): Eventually<readonly UpstreamView[]>;
  peers?(page: Page): Eventually<Listing<PeerView>>;
  payouts?(query: PayoutsQuery): Eventually<PayoutsView>;
  ledger?(): Eventually<LedgerView>;
}
