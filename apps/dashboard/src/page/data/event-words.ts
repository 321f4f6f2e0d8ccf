import { amount, count, difficulty, duration, plain, words } from './format.ts';
import type { RoleEvent } from './events.ts';

const named = (user: string | undefined, worker: string | undefined): string =>
  [user, worker]
    .filter((name) => name !== undefined && name !== '')
    .map((name) => plain(name ?? ''))
    .join('.') || 'somebody';

const at = (height: number | undefined): string => (height === undefined ? '' : ` ${count(height)}`);

/** An event as a sentence. */
export function eventWords(event: RoleEvent): string {
  switch (event.type) {
    case 'block-found':
      return `Block${at(event.height)} found${event.user === undefined ? '' : ` by ${named(event.user, event.worker)}`}`;
    case 'block-status':
      return `Block${at(event.height)} is ${event.status}${event.reason === undefined ? '' : `: ${plain(event.reason)}`}`;
    case 'worker-gone':
      return `${named(event.user, event.worker)} is gone${event.reason === undefined ? '' : `: ${plain(event.reason)}`}`;
    case 'worker-back': {
      const away = event.awayMs === undefined ? '' : ` after ${duration(event.awayMs)}`;
      return `${named(event.user, event.worker)} is back${away}`;
    }
    case 'best-share':
      return `Best share so far: ${difficulty(event.difficulty)} by ${named(event.user, event.worker)}`;
    case 'channel-opened':
      return `${named(event.user, event.worker)} opened a channel${event.device === undefined ? '' : ` (${plain(event.device)})`}`;
    case 'channel-closed':
      return `Channel of ${named(event.user, event.worker)} closed${event.reason === undefined ? '' : `: ${words(plain(event.reason))}`}`;
    case 'condition':
      return conditionWords(event);
    case 'tip':
      return `New tip at height ${count(event.height)}`;
    case 'job':
      return `New work${event.height === undefined ? '' : ` for block ${count(event.height)}`} (${plain(event.origin)})`;
    case 'ban':
      return `${plain(event.subject)} is turned away: ${plain(event.reason)}`;
    case 'payouts-due':
      return `${amount(event.amount)} due to ${count(event.accounts)} accounts for block${at(event.height)}`;
    case 'reload':
      return 'The configuration was read anew';
    default:
      return event satisfies never;
  }
}

function conditionWords({ name, ok, reason }: RoleEvent & { readonly type: 'condition' }): string {
  return ok
    ? `${plain(name)} is met again`
    : `${plain(name)} is not met${reason === undefined ? '' : `: ${plain(reason)}`}`;
}

export type Weight = 'good' | 'bad' | 'warn' | 'info' | 'idle';

/** How an event is to be seen. */
export function eventTone(event: RoleEvent): Weight {
  switch (event.type) {
    case 'block-found':
    case 'payouts-due':
    case 'worker-back':
      return 'good';
    case 'block-status':
      return event.status === 'orphaned' || event.status === 'rejected' ? 'bad' : 'info';
    case 'condition':
      return event.ok ? 'good' : 'bad';
    case 'worker-gone':
    case 'ban':
      return 'warn';
    case 'best-share':
      return 'info';
    case 'channel-opened':
    case 'channel-closed':
    case 'tip':
    case 'job':
    case 'reload':
      return 'idle';
    default:
      return event satisfies never;
  }
}
