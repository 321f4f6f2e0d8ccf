import type { Clock, Condition } from '@sv2kit/daemon';
import type { Distribution, Journal, PayoutQueries, ProjectionState } from '@sv2kit/ledger';
import type { Payout, Tip } from '@sv2kit/mining';
import type { Logger } from '@sv2kit/net';
import type { PayoutTerms, User } from '@sv2kit/payout';
import type { CoinbaseConstraints } from '@sv2kit/templates';

/** Who coinbases pay, by the configured mode. */
export interface Payouts {
  readonly terms: PayoutTerms;
  /** Room for the outputs as large as they get (§7.1). */
  readonly constraints: CoinbaseConstraints;
  /** Who a channel's blocks pay; undefined when its user cannot be paid. */
  payoutOf(user: User): Payout | undefined;
  /** There is a new tip. */
  tip(tip: Pick<Tip, 'target'>): void;
  /** Time passes. */
  tick(): void;
  /** For /status. */
  status(): Readonly<Record<string, unknown>>;
}

/** What payouts need of their surroundings. */
export interface PayoutsDeps {
  readonly journal: Pick<Journal, 'append' | 'onState'>;
  /** How far the database is. */
  projection(): ProjectionState;
  /** The ledger's query. */
  distribution(args: Parameters<PayoutQueries['distribution']>[0]): Promise<Distribution>;
  /** New jobs, because outputs have changed. */
  renew(): void;
  condition(): Condition;
  readonly clock: Clock;
  readonly log: Logger;
}
