// Codes of OpenMiningChannel.Error (§5.3.6) that do not mean that an upstream is of no use.

/** Over in a moment: who asks to be authorised waits for it. */
export const PASSING_REFUSALS: ReadonlySet<string> = new Set(['no-work-available', 'authorisation-unavailable']);
/** What an upstream thinks of the user, not of itself: who asks to be authorised is told. */
export const USER_REFUSALS: ReadonlySet<string> = new Set(['unknown-user', 'invalid-user-identity']);
