import { randomUUID } from 'node:crypto';
import type { Events } from '../events.ts';
import type { EventType } from '../event-types.ts';
import type { ConditionView } from '../schemas/health.ts';
import type { Place } from './channel.ts';
import { postingOf } from './channel.ts';
import { type Interest, NotifyDesk } from './desk.ts';
import type { Notice } from './notice.ts';
import { type Fate, Outbox } from './outbox.ts';
import { type Attempt, post } from './post.ts';
import type { NotifyClock } from './time.ts';

/** One `[[notifications]]`. */
export interface Destination {
  /** What the log, the counters and /status call it. */
  readonly name: string;
  readonly place: Place;
  readonly interest: Interest;
}

export interface NotifierOptions {
  /** The role that tells. */
  readonly role: string;
  readonly destinations: readonly Destination[];
  readonly events: Events;
  readonly clock: NotifyClock;
  /** The conditions as they are, for what was never met since the start. */
  readonly conditions: () => readonly ConditionView[];
  readonly log: {
    info(message: string, fields?: Readonly<Record<string, unknown>>): void;
    warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  };
  /** Aborted when the role stops: what ends by that is no news. */
  readonly signal: AbortSignal;
  /** Text as others may read it. */
  readonly redact: (text: string) => string;
  /** Counts what became of notices. */
  readonly count?: (destination: string, fate: Fate) => void;
}

/** How one destination is served. */
export interface DestinationStatus {
  readonly name: string;
  readonly kind: Place['kind'];
  readonly waiting: number;
  readonly sent: number;
  /** Refused by the receiver, or dropped because too many waited or for too long. */
  readonly lost: number;
  /** Why the last attempt came to nothing; without users, passwords, tokens and URLs. */
  readonly trouble?: string;
}

/** Tells people what happens. */
export interface Notifier extends AsyncDisposable {
  status(): readonly DestinationStatus[];
  /** The role ends and cannot help it. @param reason for people */
  failed(reason: string): void;
  /** Delivers what waits, for a few seconds at most. */
  close(): Promise<void>;
}

interface Line {
  readonly destination: Destination;
  readonly desk: NotifyDesk;
  readonly outbox: Outbox;
  sent: number;
  lost: number;
}

/** What the end of the role itself causes. */
const ENDINGS: ReadonlySet<EventType> = new Set(['condition', 'worker-gone', 'worker-back', 'channel-closed']);

/** Tells the destinations of what happens from now on, and of conditions that are not met now. */
export function openNotifier(options: NotifierOptions): Notifier {
  const lines = options.destinations.map((destination) => openLine(destination, options));
  const hearing = options.events.on((event) => {
    if (options.signal.aborted && ENDINGS.has(event.type)) return;
    for (const { desk } of lines) desk.hear(event);
  });
  for (const condition of options.conditions()) {
    if (condition.ok) continue;
    for (const { desk } of lines) desk.hear({ type: 'condition', id: 0, atMs: condition.sinceMs, ...condition });
  }
  const close = async (): Promise<void> => {
    hearing[Symbol.dispose]();
    for (const { desk } of lines) {
      desk.flush();
      desk[Symbol.dispose]();
    }
    await Promise.all(lines.map(({ outbox }) => outbox.close()));
  };
  const failed = (reason: string): void => {
    for (const { desk } of lines) desk.failed(reason);
  };
  return { status: () => lines.map(statusOf), failed, close, [Symbol.asyncDispose]: close };
}

function openLine(destination: Destination, options: NotifierOptions): Line {
  const { clock, role, redact, log } = options;
  const { name, place } = destination;
  // One line of log when trouble begins and one when it ends, however many notices and attempts that takes.
  let isInTrouble = false;
  const onFate = (fate: Fate, notice: Notice, reason: string): void => {
    options.count?.(name, fate);
    if (fate === 'sent') {
      line.sent++;
      if (isInTrouble) log.info('notifications arrive again', { destination: name });
      isInTrouble = false;
      return;
    }
    if (fate !== 'retried') line.lost++;
    if (!isInTrouble)
      log.warn('a notification did not arrive', { destination: name, topic: notice.topic, fate, reason });
    isInTrouble = true;
  };
  const outbox = new Outbox({ place, clock, onFate });
  const { interest } = destination;
  const isFailing = (name: string): boolean => options.conditions().some((each) => each.name === name && !each.ok);
  const desk = new NotifyDesk({ interest, role, clock, redact, isFailing, send: (notice) => outbox.push(notice) });
  const line: Line = { destination, desk, outbox, sent: 0, lost: 0 };
  return line;
}

function statusOf({ destination, outbox, sent, lost }: Line): DestinationStatus {
  const { trouble, waiting } = outbox;
  const { name, place } = destination;
  return { name, kind: place.kind, waiting, sent, lost, ...(trouble === undefined ? {} : { trouble }) };
}

/** Sends one notice that says that it is a test, once, whatever the destination is interested in. */
export async function sendTestNotice(
  destination: Destination,
  role: string,
  clock: NotifyClock,
  signal: AbortSignal,
): Promise<Attempt> {
  const notice: Notice = {
    id: randomUUID(),
    topic: 'test',
    severity: 'info',
    title: 'Test of notifications',
    text: 'This is what a notification looks like. Nothing has happened.',
    role,
    atMs: clock.now(),
    data: {},
  };
  return await post(postingOf(destination.place, notice, clock.now()), clock, signal);
}
