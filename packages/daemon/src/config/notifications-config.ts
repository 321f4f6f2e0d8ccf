import { type BlockStatusName, type Destination, EVENT_TYPES, type EventType, type Place } from '@sv2kit/monitor';
import type { Mismatch } from './config.ts';
import { type ValuesOf, type Value, WrongValue } from './field.ts';
import type { Secret } from './secret.ts';
import { choice, integer, list, optional, secret, sections, text, texts } from './values.ts';

const TELEGRAM = 'https://api.telegram.org';
const DEFAULT_EVENTS = [
  'block-found',
  'block-status',
  'worker-gone',
  'worker-back',
  'condition',
  'payouts-due',
] as const;
const STATUSES = ['submitted', 'accepted', 'confirmed', 'matured', 'orphaned', 'rejected'] as const;
const DEFAULT_STATUSES = ['matured', 'orphaned', 'rejected'] as const;
const DAY_SECONDS = 86_400;

/** As `secret`, but a configuration file only names where it is: such files are shown and copied around. */
function outsideSecret(sample: string, help: string): Value<Secret> {
  const inner = secret(sample, help);
  return {
    ...inner,
    type: 'file:PATH; itself only in the environment',
    read(raw, origin) {
      if (origin.form === 'toml' && typeof raw === 'string' && !raw.startsWith('file:')) {
        throw new WrongValue('does not belong into this file: give file:PATH, or the environment variable', true);
      }
      return inner.read(raw, origin);
    },
  };
}

/** `[[notifications]]`: whom to tell when something happens. */
export const notificationsSection = sections('Who is told of what happens. `--test-notifications` tries them.', {
  kind: choice(['webhook', 'ntfy', 'telegram'], 'webhook', 'What is at the other end.'),
  url: optional(
    secret(
      'https://example.org/hook',
      `Of the webhook, of the ntfy topic, or of the Bot API where it is not ${TELEGRAM}. It is shown nowhere.`,
    ),
  ),
  name: optional(
    text('phone', 'What the log and the metrics call it; the kind when left out.', { pattern: /^[\w-]{1,40}$/ }),
  ),
  token: optional(outsideSecret('file:notify.token', 'Of the Telegram bot; otherwise sent as a bearer token.')),
  signingKey: optional(
    outsideSecret('file:notify.key', 'Signs what a webhook is sent: X-Sv2kit-Signature, HMAC-SHA256. See the README.'),
  ),
  chat: optional(text('-1001234567890', 'Telegram: the chat, by number or by @name.', { pattern: /^(?:-?\d+|@\w+)$/ })),
  priority: optional(
    integer(4, 'ntfy: 1 to 5 for everything, instead of 3 to 5 by what it is about.', { min: 1, max: 5 }),
  ),
  tags: texts([], 'ntfy: tags beside those that say what it is about.'),
  events: list<EventType>(
    'list of event types',
    DEFAULT_EVENTS,
    `What is told, of: ${EVENT_TYPES.join(', ')}.`,
    choice(EVENT_TYPES, 'tip', ''),
  ),
  statuses: list<BlockStatusName>(
    'list of statuses',
    DEFAULT_STATUSES,
    `Which of block-status are told, once for each block, of: ${STATUSES.join(', ')}.`,
    choice(STATUSES, 'matured', ''),
  ),
  conditions: texts([], 'Which conditions of /health are told; all when empty.'),
  after: integer(60, 'Seconds that a condition must fail, or a worker be gone, before it is told.', {
    min: 0,
    max: DAY_SECONDS,
  }),
  quiet: integer(600, 'Seconds in which no other trouble of the same condition or worker is told; its end is.', {
    min: 0,
    max: DAY_SECONDS,
  }),
});

/** One `[[notifications]]` as it is read. */
export type NotificationConfig = ValuesOf<(typeof notificationsSection)['fields']>;

/** Rules between the keys of each destination. */
export function checkNotifications(notifications: readonly NotificationConfig[]): Mismatch[] {
  const names = namesOf(notifications);
  return notifications.flatMap((each, index) => {
    const key = `notifications[${index}]`;
    const name = names[index] ?? '';
    const twice =
      names.indexOf(name) !== index ? [{ key: `${key}.name`, wrong: `${name} is the name of another` }] : [];
    return [...twice, ...checkUrl(each, key), ...checkKind(each, key)];
  });
}

function checkUrl({ kind, url }: NotificationConfig, key: string): Mismatch[] {
  const example = kind === 'ntfy' ? 'url = "https://ntfy.sh/my-topic"' : 'url = "https://example.org/hook"';
  if (url === undefined) return kind === 'telegram' ? [] : [{ key: `${key}.url`, wrong: 'is missing', example }];
  const parsed = URL.parse(url.reveal());
  const isWeb = parsed?.protocol === 'https:' || parsed?.protocol === 'http:';
  if (!isWeb) return [{ key: `${key}.url`, wrong: 'is not a URL that begins with https:// or http://', example }];
  // fetch takes none, and they would stand in the file.
  if (parsed.username !== '' || parsed.password !== '') {
    return [
      { key: `${key}.url`, wrong: 'holds a user or a password; use token', example: 'token = "file:notify.token"' },
    ];
  }
  const isTopicLess = kind === 'ntfy' && parsed.pathname.replaceAll('/', '') === '';
  return isTopicLess ? [{ key: `${key}.url`, wrong: 'names no topic', example }] : [];
}

function checkKind({ kind, token, chat, signingKey, priority, tags }: NotificationConfig, key: string): Mismatch[] {
  const problems: Mismatch[] = [];
  const only = (of: string, name: string, isGiven: boolean): void => {
    if (isGiven && kind !== of) problems.push({ key: `${key}.${name}`, wrong: `is for ${of} only` });
  };
  only('webhook', 'signing_key', signingKey !== undefined);
  only('ntfy', 'priority', priority !== undefined);
  only('ntfy', 'tags', tags.length > 0);
  only('telegram', 'chat', chat !== undefined);
  if (token?.reveal().trim() === '') problems.push({ key: `${key}.token`, wrong: 'is empty' });
  if (signingKey !== undefined && signingKey.reveal().length < 16) {
    problems.push({ key: `${key}.signing_key`, wrong: 'is shorter than 16 characters' });
  }
  if (kind !== 'telegram') return problems;
  if (token === undefined) {
    problems.push({ key: `${key}.token`, wrong: 'is missing', example: 'token = "file:telegram.token"' });
  } else if (!/^\d+:[\w-]+$/.test(token.reveal().trim())) {
    problems.push({ key: `${key}.token`, wrong: 'is not the token of a Telegram bot' });
  }
  if (chat === undefined)
    problems.push({ key: `${key}.chat`, wrong: 'is missing', example: 'chat = "-1001234567890"' });
  return problems;
}

function namesOf(notifications: readonly NotificationConfig[]): string[] {
  return notifications.map(({ name, kind }, index) => {
    const isSecond = notifications.some((other, before) => before < index && other.kind === kind);
    return name ?? (isSecond ? `${kind}-${index + 1}` : kind);
  });
}

/** The destinations that are configured. */
export function destinationsOf(notifications: readonly NotificationConfig[]): Destination[] {
  const names = namesOf(notifications);
  return notifications.map((each, index) => ({
    name: names[index] ?? each.kind,
    place: placeOf(each),
    interest: {
      events: each.events,
      statuses: each.statuses,
      conditions: each.conditions,
      afterMs: each.after * 1000,
      quietMs: each.quiet * 1000,
    },
  }));
}

function placeOf({ kind, url, token, signingKey, chat, priority, tags }: NotificationConfig): Place {
  const at = (): string => url?.reveal() ?? TELEGRAM;
  const shown = token === undefined ? {} : { token: () => token.reveal().trim() };
  switch (kind) {
    case 'webhook':
      return {
        kind,
        url: at,
        ...shown,
        ...(signingKey === undefined ? {} : { signingKey: () => signingKey.reveal().trim() }),
      };
    case 'ntfy':
      return { kind, url: at, tags, ...shown, ...(priority === undefined ? {} : { priority }) };
    case 'telegram':
      return { kind, url: at, token: () => token?.reveal().trim() ?? '', chat: chat ?? '' };
    default:
      return kind satisfies never;
  }
}
