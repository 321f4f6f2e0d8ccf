import type { PayoutHooks } from '../database/payout-hooks.ts';

/** What payouts add to the projection. */
export const payoutHooks: PayoutHooks = { tables: [], async apply() {}, queries: {} };
