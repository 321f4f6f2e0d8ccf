/** Why this package ends a connection; the application's `giveUp` adds its own. */
export const UPSTREAM_CLOSE_REASONS = {
  removed: 'The server is no longer among those to choose from.',
  replaced: 'Another connection took over: a better upstream, or where Reconnect led (§3.6.5).',
  superseded: 'The connection came about after it was no longer wanted.',
  'too-many-redirects': 'Servers sent us around in circles by Reconnect (policy.maxRedirects).',
  denied: 'A Stratum V1 pool refused subscribe or authorize; the log has its words.',
  closed: 'The upstream was closed.',
} as const;
export type UpstreamCloseReason = keyof typeof UPSTREAM_CLOSE_REASONS;
