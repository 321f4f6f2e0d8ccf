import { splitUsername } from '@sv2kit/sv1';

// Codes of OpenMiningChannel.Error (§5.3.6) that do not mean that an upstream is of no use.

/** Over in a moment: who asks to be authorised waits for it. */
export const PASSING_REFUSALS: ReadonlySet<string> = new Set(['no-work-available', 'authorisation-unavailable']);
/** What an upstream thinks of the user, not of itself: who asks to be authorised is told. */
export const USER_REFUSALS: ReadonlySet<string> = new Set(['unknown-user', 'invalid-user-identity']);

/** What a miner is told that was sent away for its shares too often. */
export const BANNED = 'Turned away for bad shares; try again later';

/** What a miner is told whose shares would go to somebody else's account. */
export const OTHER_ACCOUNT = "Another account than its channel's: mine for one account only, or set user_identity";

export function isOfAccount(username: string, account: string): boolean {
  return splitUsername(username).account === account;
}
