import type { EventType } from '../event-types.ts';
import type { EventRecord, MonitorEvent } from '../schemas/events.ts';
import type { Gathered } from './gatherer.ts';
import { NOTIFY_LIMITS } from './limits.ts';
import { oneLine, type Severity, type Wording } from './notice.ts';
import type { Change } from './state-watch.ts';

type Event<T extends EventType> = Extract<EventRecord, { type: T }>;
export type WorkerEvent = Event<'worker-gone'> | Event<'worker-back'>;

const SATOSHIS = 100_000_000;
const STATUS_SEVERITY: Partial<Record<Event<'block-status'>['status'], Severity>> = {
  orphaned: 'urgent',
  rejected: 'urgent',
};

/** `7,321` */
function counted(n: number): string {
  return n.toLocaleString('en-US', { maximumFractionDigits: 1 });
}

function coins(satoshis: number): string {
  return `${(satoshis / SATOSHIS).toFixed(8)} BTC`;
}

/** `3 days`, `2 h 5 min`, `40 s` */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

function whom({ user = '', worker = '' }: { readonly user?: string; readonly worker?: string }): string {
  const name = oneLine([user, worker].filter((part) => part !== '').join('.'));
  return name === '' ? 'somebody' : name;
}

/** The event without what only its transport needs. */
function factsOf(event: EventRecord): Record<string, unknown> {
  const { type: _, id, ...facts } = event;
  return { eventId: id, ...facts };
}

/** Who only hands a block on, as a template provider does, knows neither whose it is nor what became of the share. */
export function blockFound(event: Event<'block-found'>): Wording {
  const isKnown = [event.user, event.worker, event.path, event.via].some((fact) => fact !== undefined && fact !== '');
  const lines = [
    isKnown
      ? `Found by ${whom(event)}${event.path === undefined ? '' : ` (${oneLine(event.path)})`}.`
      : 'A client handed in a block.',
    ...(event.revenue === undefined ? [] : [`Its coinbase pays ${coins(event.revenue)}.`]),
    event.hash,
  ];
  return {
    topic: 'block-found',
    severity: isKnown ? 'urgent' : 'info',
    title: `${blockName(event)} ${isKnown ? 'found' : 'handed in'}`,
    text: lines.join('\n'),
    data: factsOf(event),
  };
}

function blockName({ height }: { readonly height?: number }): string {
  return height === undefined ? 'Block' : `Block ${height}`;
}

export function blockStatus(event: Event<'block-status'>): Wording {
  const { status, by } = event;
  // What one says who has taken a block is no reason.
  const reason = status === 'accepted' || event.reason === undefined ? undefined : oneLine(event.reason);
  const isBad = STATUS_SEVERITY[status] !== undefined;
  const lines = [
    ...(reason === undefined ? [] : [`${isBad ? 'Because: ' : ''}${reason}.`]),
    ...(by === undefined ? [] : [`Says ${oneLine(by)}.`]),
    event.hash,
  ];
  return {
    topic: 'block-status',
    severity: STATUS_SEVERITY[status] ?? 'info',
    title: `${blockName(event)}: ${status}`,
    text: lines.join('\n'),
    data: factsOf(event),
  };
}

/** What became due within a moment, one block or many. */
function payoutsDue({ events, count }: Gathered): Wording {
  const dues = events.filter((event) => event.type === 'payouts-due');
  const lines = dues
    .slice(0, NOTIFY_LIMITS.named)
    .map(
      ({ amount, accounts, height, hash }) =>
        `${coins(amount)} to ${plural(accounts, 'account')}, for block ${height ?? hash}.`,
    );
  const more = count - lines.length;
  const [only] = dues;
  return {
    topic: 'payouts-due',
    severity: 'info',
    title: `${coins(dues.reduce((sum, { amount }) => sum + amount, 0))} due${count === 1 ? '' : ` for ${plural(count, 'block')}`}`,
    text: [...lines, ...(more > 0 ? [`${counted(more)} more`] : [])].join('\n'),
    data: count === 1 && only !== undefined ? factsOf(only) : { count, events: dues.map(factsOf) },
  };
}

/** `1 account`, `1,200 accounts` */
function plural(count: number, word: string): string {
  return `${counted(count)} ${word}${count === 1 ? '' : 's'}`;
}

/** Conditions that failed for long enough, and those that are met again. */
export function conditions(
  bad: readonly Change<Event<'condition'>>[],
  good: readonly Change<Event<'condition'>>[],
): Wording {
  const stops = bad.filter(({ detail }) => detail.serving !== true);
  const say = ({ name, detail }: Change<Event<'condition'>>): string =>
    `${name}: ${oneLine(detail.reason ?? 'is not so')}`;
  const lines = [
    ...bad.map(say),
    ...good.map(({ name, lastedMs }) => `${name}: ok${lastedMs === undefined ? '' : ` after ${duration(lastedMs)}`}`),
  ];
  const names = (changes: readonly Change<unknown>[]): string => changes.map(({ name }) => name).join(', ');
  return {
    topic: 'condition',
    severity: stops.length > 0 ? 'urgent' : bad.length > 0 ? 'warning' : 'info',
    title: bad.length > 0 ? `Trouble: ${names(bad)}` : `All right again: ${names(good)}`,
    text: lines.join('\n'),
    data: {
      failing: bad.map(({ detail }) => factsOf(detail)),
      met: good.map(({ detail, lastedMs }) => ({ ...factsOf(detail), lastedMs })),
    },
  };
}

/** The role itself ends. */
export function roleFailed(role: string, reason: string): Wording {
  return {
    topic: 'condition',
    severity: 'urgent',
    title: `${role} has stopped`,
    text: `It cannot go on: ${reason}`,
    data: { stopped: true, reason },
  };
}

/** Workers that are gone and workers that are back, few or very many. */
export function workers(gone: readonly Change<WorkerEvent>[], back: readonly Change<WorkerEvent>[]): Wording {
  const titles = [headline(gone, 'gone'), headline(back, 'back')].filter((title) => title !== '');
  return {
    topic: gone.length > 0 ? 'worker-gone' : 'worker-back',
    severity: gone.length > 0 ? 'warning' : 'info',
    title: titles.join(', '),
    text: [...listed('Gone', gone), ...listed('Back', back)].join('\n'),
    data: {
      goneCount: gone.length,
      backCount: back.length,
      gone: gone.slice(0, NOTIFY_LIMITS.listed).map(({ detail }) => factsOf(detail)),
      back: back.slice(0, NOTIFY_LIMITS.listed).map(({ detail, lastedMs }) => ({ lastedMs, ...factsOf(detail) })),
    },
  };
}

function headline(changes: readonly Change<WorkerEvent>[], word: string): string {
  const [first] = changes;
  if (first === undefined) return '';
  if (changes.length === 1) return `Worker ${whom(first.detail)} ${word}`;
  return `${counted(changes.length)} workers ${word}`;
}

function listed(word: string, changes: readonly Change<WorkerEvent>[]): string[] {
  const lines = changes.slice(0, NOTIFY_LIMITS.named).map(({ detail, lastedMs }) => {
    const away = detail.type === 'worker-back' ? (lastedMs ?? detail.awayMs) : undefined;
    const why = detail.type === 'worker-gone' ? detail.reason : undefined;
    return `${word}: ${whom(detail)}${why === undefined ? '' : ` (${oneLine(why)})`}${away === undefined ? '' : ` after ${duration(away)}`}`;
  });
  const more = changes.length - lines.length;
  return more > 0 ? [...lines, `${word}: ${counted(more)} more`] : lines;
}

/** Events of the other sorts, told together. */
export function gathered(all: Gathered): Wording {
  const { type, events, count } = all;
  if (type === 'payouts-due') return payoutsDue(all);
  const lines = events.slice(0, NOTIFY_LIMITS.named).map((event) => oneLine(lineOf(event)));
  const more = count - lines.length;
  const [only] = events;
  return {
    topic: type,
    severity: type === 'ban' ? 'warning' : 'info',
    title: count === 1 && only !== undefined ? oneLine(lineOf(only)) : `${counted(count)} × ${type}`,
    text: [...lines, ...(more > 0 ? [`${counted(more)} more`] : [])].join('\n'),
    data: { count, events: events.map(factsOf) },
  };
}

/** One event in one line. */
function lineOf(event: MonitorEvent): string {
  switch (event.type) {
    case 'best-share':
      return `New best share: ${counted(event.difficulty)} by ${whom(event)}`;
    case 'ban':
      return `Turned away: ${event.subject} (${event.reason})`;
    case 'channel-opened':
      return `Channel opened for ${whom(event)}`;
    case 'channel-closed':
      return `Channel of ${whom(event)} closed${event.reason === undefined ? '' : ` (${event.reason})`}`;
    case 'tip':
      return `New tip at height ${event.height}`;
    case 'job':
      return `New work${event.height === undefined ? '' : ` at height ${event.height}`} (${event.origin})`;
    case 'worker-gone':
    case 'worker-back':
      return `Worker ${whom(event)} ${event.type === 'worker-gone' ? 'gone' : 'back'}`;
    case 'condition':
      return `${event.name}: ${event.ok ? 'ok' : (event.reason ?? 'is not so')}`;
    case 'reload':
      return reloadLine(event);
    case 'block-found':
    case 'block-status':
    case 'payouts-due':
      return `${event.type}: ${event.hash}`;
    default:
      return event satisfies never;
  }
}

function reloadLine({ result, applied, needsRestart, reason }: Extract<MonitorEvent, { type: 'reload' }>): string {
  if (result === 'refused') return `The configuration cannot be used: ${reason ?? ''}`;
  const wait = needsRestart.length === 0 ? '' : `; ${needsRestart.join(', ')} need a restart`;
  return `Configuration read again: ${applied.length === 0 ? 'nothing new' : applied.join(', ')}${wait}`;
}
