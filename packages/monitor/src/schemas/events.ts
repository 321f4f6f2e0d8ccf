import Type, { type Static, type TSchema } from 'typebox';
import type { EventType } from '../event-types.ts';
import { ConditionViewSchema } from './health.ts';
import { BlockViewSchema } from './work.ts';
import { count, flag, hash, maybe, number, satoshis, text, timeMs, view, word } from './shape.ts';

const event = <const N extends string, const P extends Parameters<typeof view>[1]>(
  type: N,
  description: string,
  properties: P,
) => view(description, { type: Type.Literal(type), ...properties }, `Event ${type}`);

const { user, worker } = BlockViewSchema.properties;
const block = { hash: hash('Of the block.'), height: maybe(count('Of the block.')) };
const who = {
  user: text('The account: what the user_identity says before its first dot.'),
  worker: text('The worker; empty without one.'),
};
const channel = { connection: count('Its connection.'), channelId: count('Its id.'), ...who };

/** Everything that is told as it happens, by `type`. */
export const EVENT_SCHEMAS = {
  'block-found': event('block-found', 'A share is a block.', {
    ...block,
    user,
    worker,
    path: maybe(text('Whose template it is.')),
    via: maybe(text('The kind of channel that it was found on.')),
    revenue: maybe(satoshis('What its coinbase pays.')),
  }),
  'block-status': event('block-status', 'A block that was found here came further, or fell back.', {
    ...block,
    status: BlockViewSchema.properties.status,
    by: maybe(text('Which node or template provider said so.')),
    reason: maybe(text('Why.')),
    confirmations: maybe(count('Blocks of the chain from it on.')),
  }),
  'worker-gone': event('worker-gone', 'A worker that had worked does so no longer.', {
    ...who,
    lastShareAtMs: maybe(timeMs('When its last share was accepted.')),
    reason: maybe(text('Why, as far as known.')),
  }),
  'worker-back': event('worker-back', 'A worker that was gone works again.', {
    ...who,
    awayMs: maybe(count('How long it was gone, in milliseconds.')),
  }),
  'best-share': event('best-share', 'The best hash of this role so far.', {
    ...who,
    difficulty: number('Of the hash.'),
    networkDifficulty: maybe(number('What a block takes.')),
  }),
  'channel-opened': event('channel-opened', 'A channel was opened.', {
    ...channel,
    device: maybe(text('Its device.')),
  }),
  'channel-closed': event('channel-closed', 'A channel ended.', { ...channel, reason: maybe(text('Why.')) }),
  condition: event('condition', 'A condition of the health changed.', ConditionViewSchema.properties),
  tip: event('tip', 'There is a new tip of the chain.', { hash: hash('Of the tip.'), height: count('Of the tip.') }),
  job: event('job', 'There is new work for everybody.', {
    height: maybe(count('Of the block that it would make.')),
    origin: text('Whose template it is: pool, declared, solo, upstream.'),
    templateId: maybe(text('The template that it is of; a whole number.')),
    isEmpty: maybe(flag('It has no transactions.')),
  }),
  ban: event('ban', 'Somebody is turned away for a time.', {
    subject: text('Who: a user_identity.'),
    reason: text('Why.'),
    untilMs: timeMs('When it ends.'),
  }),
  'payouts-due': event('payouts-due', 'A block has its confirmations: what it pays is due.', {
    ...block,
    amount: satoshis('Of all accounts.'),
    accounts: count('How many.'),
  }),
  reload: event('reload', 'The configuration was read again, as SIGHUP asks for.', {
    result: word('What came of it: where anything is wrong, nothing changes.', ['applied', 'unchanged', 'refused']),
    applied: Type.Array(Type.String(), { description: 'Keys that were taken up.' }),
    needsRestart: Type.Array(Type.String(), { description: 'Keys that differ and wait for a restart.' }),
    reason: maybe(text('What is wrong.')),
  }),
} as const satisfies Readonly<Record<EventType, TSchema>>;

export const MonitorEventSchema = Type.Union(Object.values(EVENT_SCHEMAS) as (typeof EVENT_SCHEMAS)[EventType][]);
type Told = { [K in EventType]: Static<(typeof EVENT_SCHEMAS)[K]> }[EventType];
/** Something that happened, as it is told; `part` names the role where several are in one process. */
export type MonitorEvent = Readonly<Told> & { readonly part?: string };
/** An event with its number (rising by one from 1 since the process started) and its time, unix milliseconds. */
export type EventRecord = MonitorEvent & { readonly id: number; readonly atMs: number };
