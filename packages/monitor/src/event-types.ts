/** Everything that is told as it happens. Without schemas, so that who only tells loads none. */
export const EVENT_TYPES = [
  'block-found',
  'block-status',
  'worker-gone',
  'worker-back',
  'best-share',
  'channel-opened',
  'channel-closed',
  'condition',
  'tip',
  'job',
  'ban',
  'payouts-due',
  'reload',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];
