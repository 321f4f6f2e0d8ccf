import type { EventRecord } from './views.ts';

/** Which resources are no longer what they were after an event: they are asked for at once. */
export function resourcesChangedBy({ type }: Pick<EventRecord, 'type'>): readonly string[] {
  switch (type) {
    case 'block-found':
      return ['blocks', 'shares'];
    case 'block-status':
      return ['blocks'];
    case 'worker-gone':
    case 'worker-back':
      return ['workers'];
    case 'channel-opened':
    case 'channel-closed':
      return ['workers', 'channels', 'peers'];
    case 'condition':
      return ['health', 'upstreams'];
    case 'tip':
      return ['templates', 'jobs'];
    case 'payouts-due':
      return ['payouts'];
    case 'reload':
    case 'job':
    case 'best-share':
    case 'ban':
      return [];
    default:
      return type satisfies never;
  }
}
