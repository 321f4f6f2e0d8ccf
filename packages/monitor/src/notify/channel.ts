import { createHmac } from 'node:crypto';
import { clipped, type Notice, type Severity } from './notice.ts';

/** Where notices go. Secrets are functions, so that no dump of these options shows them. */
export type Place =
  | {
      readonly kind: 'webhook';
      readonly url: () => string;
      readonly token?: () => string;
      /** Signs what is sent, so that the receiver can tell that it comes from here. */
      readonly signingKey?: () => string;
    }
  | {
      readonly kind: 'ntfy';
      /** Of the topic. */
      readonly url: () => string;
      readonly token?: () => string;
      /** 1 to 5 for every notice; by what it is about when left out. */
      readonly priority?: number;
      readonly tags?: readonly string[];
    }
  | {
      readonly kind: 'telegram';
      /** Of the Bot API, without the token. */
      readonly url: () => string;
      readonly token: () => string;
      readonly chat: string;
    };

/** One HTTP POST. */
export interface Posting {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** UTF-16 units of text that ntfy and Telegram take in one message, with some to spare. */
const NTFY_TEXT = 3500;
const TELEGRAM_TEXT = 4000;
const TITLE = 200;

const NTFY_PRIORITY: Readonly<Record<Severity, number>> = { info: 3, warning: 4, urgent: 5 };
const NTFY_TAGS: Readonly<Record<Severity, string>> = {
  info: 'information_source',
  warning: 'warning',
  urgent: 'rotating_light',
};

/** How a notice is posted there at this time (unix milliseconds, for the signature). */
export function postingOf(place: Place, notice: Notice, nowMs: number): Posting {
  switch (place.kind) {
    case 'webhook':
      return toWebhook(place, notice, nowMs);
    case 'ntfy':
      return toNtfy(place, notice);
    case 'telegram':
      return toTelegram(place, notice);
    default:
      return place satisfies never;
  }
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

function bearer(token: (() => string) | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token()}` };
}

type Of<K extends Place['kind']> = Extract<Place, { kind: K }>;

function toWebhook(place: Of<'webhook'>, notice: Notice, nowMs: number): Posting {
  const body = JSON.stringify({ version: 1, ...notice });
  const headers: Record<string, string> = {
    ...JSON_TYPE,
    ...bearer(place.token),
    'x-sv2kit-topic': notice.topic,
    'x-sv2kit-delivery': notice.id,
  };
  if (place.signingKey !== undefined) headers['x-sv2kit-signature'] = signature(place.signingKey(), body, nowMs);
  return { url: place.url(), headers, body };
}

/** `t=<unix seconds>,v1=<HMAC-SHA256 of "<unix seconds>.<body>" in hexadecimal>` */
function signature(key: string, body: string, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000);
  return `t=${seconds},v1=${createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex')}`;
}

/** Published as JSON to the server's root, for headers take no text beyond Latin-1. */
function toNtfy(place: Of<'ntfy'>, notice: Notice): Posting {
  const url = new URL(place.url());
  const path = url.pathname.replace(/\/+$/, '');
  const cut = path.lastIndexOf('/');
  const topic = decodeURIComponent(path.slice(cut + 1));
  url.pathname = path.slice(0, cut + 1);
  const tags = [notice.topic === 'block-found' ? 'tada' : NTFY_TAGS[notice.severity], ...(place.tags ?? [])];
  const body = JSON.stringify({
    topic,
    title: clipped(`${notice.role}: ${notice.title}`, TITLE),
    message: clipped(notice.text === '' ? notice.title : notice.text, NTFY_TEXT),
    priority: place.priority ?? NTFY_PRIORITY[notice.severity],
    tags,
  });
  return { url: url.href, headers: { ...JSON_TYPE, ...bearer(place.token) }, body };
}

/** As plain text: nothing in it is markup, whatever a miner calls itself. */
function toTelegram(place: Of<'telegram'>, notice: Notice): Posting {
  const text = [`${notice.role}: ${clipped(notice.title, TITLE)}`, notice.text]
    .filter((part) => part !== '')
    .join('\n');
  const body = JSON.stringify({
    chat_id: place.chat,
    text: clipped(text, TELEGRAM_TEXT),
    disable_notification: notice.severity === 'info',
    link_preview_options: { is_disabled: true },
  });
  return { url: `${place.url().replace(/\/+$/, '')}/bot${place.token()}/sendMessage`, headers: JSON_TYPE, body };
}
