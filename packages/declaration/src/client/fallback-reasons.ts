/**
 * Why a job declaration client does not mine for a pool, or leaves one (§6.2). Every reason follows from the client's own
 * state: none is taken from a peer's error code.
 */
export const FALLBACK_REASONS = {
  'no-upstreams': 'No pool is configured: blocks pay the miner alone.',
  starting: 'The first pool has not been heard of yet.',
  'pool-away': 'The pool cannot be reached, its connection ended, or it closed the channel.',
  'jds-away': 'The job declarator server cannot be reached, or its connection ended.',
  'channel-refused': 'The pool opens no channel, or one that breaks the protocol or leaves too little extranonce.',
  'channel-timeout': 'The pool answers the request for a channel not at all.',
  'token-timeout': 'The job declarator server gives no token in time.',
  'declare-timeout': 'The job declarator server does not answer a declaration in time.',
  'set-timeout': 'The pool does not answer a custom job in time.',
  'share-timeout': 'The pool does not answer shares in time.',
  'declaration-refused': 'The job declarator server refused a job whose tip still stands.',
  'custom-job-refused': 'The pool refused a job whose tip still stands.',
  'shares-rejected': 'The pool rejected too many of the last shares, each valid on the tip current when it was sent.',
  'malformed-outputs': 'The outputs that the server allocates cannot be read, or there are none.',
  'outputs-not-zero': 'An allocated output has a value: only the client may give values.',
  'unexpected-payout': 'The first allocated output does not pay the script that was agreed on.',
  'outputs-too-large': 'No template with room for the allocated outputs came in time.',
  restless: 'The outputs or the extranonce prefix change again and again: each change moves every device.',
  'no-transactions': 'The template provider does not tell the transactions of its templates: nothing can be declared.',
  'job-impossible': 'No coinbase can be made of the template with these outputs, tag and extranonce.',
} as const;
export type FallbackReason = keyof typeof FALLBACK_REASONS;

/** What went wrong with a pair of pool and job declarator server, and what to tell people beside it. */
export interface Failure {
  readonly reason: FallbackReason;
  /** Codes of peers and figures: shown, never acted on. */
  readonly detail?: string;
}

/** Reasons that trying on at once would not mend: the pair is passed over for a while. After the others it is tried on at once. */
const MISCONDUCT: ReadonlySet<FallbackReason> = new Set<FallbackReason>([
  'channel-refused',
  'channel-timeout',
  'token-timeout',
  'declare-timeout',
  'set-timeout',
  'share-timeout',
  'declaration-refused',
  'custom-job-refused',
  'shares-rejected',
  'malformed-outputs',
  'outputs-not-zero',
  'unexpected-payout',
  'outputs-too-large',
  'restless',
  'no-transactions',
  'job-impossible',
]);

/** Whether a pair is passed over for a while because of it. */
export function isMisconduct(reason: FallbackReason): boolean {
  return MISCONDUCT.has(reason);
}
