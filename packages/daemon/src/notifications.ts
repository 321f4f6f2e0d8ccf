import { type Destination, type Notifier, openNotifier, sendTestNotice, type Events } from '@sv2kit/monitor';
import { type Clock, systemClock } from './clock.ts';
import type { Health } from './health.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { AddressRule } from './redaction/addresses.ts';
import { loggableText } from './redaction/fields.ts';

/** What notifications are made from. */
export interface NotificationDeps {
  readonly name: string;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly events: Events;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Tells the destinations what happens, by the log's rule for addresses; undefined where nobody is to be told. */
export function startNotifications(
  destinations: readonly Destination[],
  rule: AddressRule,
  { name, log, metrics, health, events, clock, signal }: NotificationDeps,
): Notifier | undefined {
  if (destinations.length === 0) return undefined;
  const fates = metrics.counter(
    'sv2_notifications_total',
    'Notifications by destination and by what became of them: sent, retried, refused, dropped, expired.',
    ['destination', 'fate'],
  );
  for (const destination of destinations) fates.inc({ destination: destination.name, fate: 'dropped' }, 0);
  return openNotifier({
    role: name,
    destinations,
    events,
    clock,
    signal,
    log,
    conditions: () => health.report().conditions,
    redact: (text) => loggableText(text, rule),
    count: (destination, fate) => fates.inc({ destination, fate }),
  });
}

/** Sends one notification to each destination; resolves to whether all arrived. `say` gets a line of each. */
export async function testNotifications(
  name: string,
  destinations: readonly Destination[],
  say: (line: string) => void,
): Promise<boolean> {
  if (destinations.length === 0) say('no [[notifications]] are configured\n');
  const attempts = await Promise.all(
    destinations.map(async (destination) => {
      const attempt = await sendTestNotice(destination, name, systemClock, new AbortController().signal);
      say(`${destination.name}: ${attempt.kind === 'sent' ? 'sent' : `${attempt.kind}: ${attempt.reason}`}\n`);
      return attempt.kind === 'sent';
    }),
  );
  return destinations.length > 0 && attempts.every((isSent) => isSent);
}
