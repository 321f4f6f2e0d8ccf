/** Whether what a block owes is to be paid: not yet, yes, or not at all. */
export type PayoutState = 'pending' | 'due' | 'orphaned' | 'rejected';

/** How far a block has come, for those whom it owes. */
export interface BlockStanding {
  readonly state: PayoutState;
  readonly confirmations: number;
  /** The coinbase may be spent. */
  readonly matured: boolean;
}

export const JUST_FOUND: BlockStanding = { state: 'pending', confirmations: 0, matured: false };
/** Blocks of the chain, its own included, after which a coinbase may be spent. */
const MATURITY = 100;

/** What a BlockStatus says. */
export interface StatusSaid {
  readonly status: string;
  /** Begins with the confirmations where there are any to tell. */
  readonly reason: string;
}

/**
 * pending -> due at its confirmations; either -> orphaned or rejected; orphaned or rejected -> pending or due when a node has it
 * in its chain; rejected -> pending when another node accepts it; due -> pending when the node no longer has it.
 */
export function afterStatus(
  before: BlockStanding,
  { status, reason }: StatusSaid,
  confirmationsWanted: number,
): BlockStanding {
  switch (status) {
    case 'confirmed':
      return confirmed(Number(/^\d+/.exec(reason)?.[0] ?? 1), false, confirmationsWanted);
    case 'matured':
      return confirmed(Math.max(MATURITY, before.confirmations), true, confirmationsWanted);
    case 'orphaned':
      return { state: 'orphaned', confirmations: 0, matured: false };
    case 'rejected':
      // One node's word; a block that is in another's chain stands.
      return before.confirmations > 0 || before.state === 'orphaned' ? before : { ...before, state: 'rejected' };
    case 'submitted':
      // Of one that was in the chain: the node that is asked now does not have it.
      return before.confirmations > 0 ? JUST_FOUND : before;
    case 'accepted':
      return before.state === 'rejected' ? { ...before, state: 'pending' } : before;
    default:
      return before;
  }
}

function confirmed(confirmations: number, matured: boolean, wanted: number): BlockStanding {
  const isMatured = matured || confirmations >= MATURITY;
  return { state: isMatured || confirmations >= wanted ? 'due' : 'pending', confirmations, matured: isMatured };
}
