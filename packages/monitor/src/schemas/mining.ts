import Type, { type Static } from 'typebox';
import { HISTORY_POINTS } from '../page.ts';
import { WORKER_STATES } from './page.ts';
import { count, counts, HashrateSchema, maybe, number, part, text, timeMs, view, word } from './shape.ts';

const shared = {
  user: text('The account: what the user_identity of the channel says before its first dot.'),
  worker: text('The worker: what user_identity says after the account, or the name told behind an aggregating proxy.'),
  hashrate: HashrateSchema,
  declaredHashrate: maybe(number('What the device says of itself, in hashes per second.')),
  accepted: count('Shares accepted.'),
  rejected: counts('Shares rejected, by error code.'),
  work: number('Sum of the credited difficulties.'),
  bestDifficulty: number('Of the best hash that was accepted; 0 without one.'),
  lastShareAtMs: maybe(timeMs('When the last share was accepted.')),
};

/** One open channel. */
export const ChannelViewSchema = view(
  'An open channel.',
  {
    part,
    connection: count('The connection that it is of.'),
    channelId: count('Of the connection or of the server, as the protocol has it.'),
    kind: word('What the channel is.', ['standard', 'extended', 'v1']),
    ...shared,
    device: text('What the device says that it is.'),
    remote: maybe(text('Where it comes from.')),
    difficulty: number('What a share has to meet now.'),
    openedAtMs: timeMs('When it was opened.'),
    jobId: maybe(count('The job that it works on.')),
  },
  'Channel',
);
export type ChannelView = Static<typeof ChannelViewSchema>;

/** One worker, over all its channels and what came before them. */
export const WorkerViewSchema = view(
  'A worker, over all its channels and connections.',
  {
    part,
    name: text('Names it in /api/v1/workers/{name}; unique.'),
    ...shared,
    channels: count('Channels that it has open now.'),
    state: word('Active with shares in the last minutes, idle without, gone without a channel.', WORKER_STATES),
    firstSeenAtMs: maybe(timeMs('When it was first seen.')),
  },
  'Worker',
);
export type WorkerView = Static<typeof WorkerViewSchema>;

const StretchSchema = view('What was done in one stretch of time.', {
  fromMs: timeMs('Where the stretch begins.'),
  seconds: count('How long it is.'),
  accepted: count('Shares accepted.'),
  rejected: maybe(count('Shares rejected, where they are kept.')),
  work: number('Sum of the credited difficulties.'),
  hashrate: number('In hashes per second.'),
});

/** What all workers did, stretch by stretch. */
export const HistoryViewSchema = view(
  'What all workers did, stretch by stretch.',
  {
    stepSeconds: count('How long a stretch is: whole minutes.'),
    kept: word('Where it is kept: in memory it begins with the process.', ['ledger', 'memory']),
    points: Type.Array(StretchSchema, {
      maxItems: HISTORY_POINTS,
      description: 'Oldest first, without gaps: where nothing was done there are zeros.',
    }),
  },
  'History',
);
export type HistoryView = Static<typeof HistoryViewSchema>;

/** One worker with its past. */
export const WorkerDetailSchema = view(
  'A worker with its past.',
  {
    ...WorkerViewSchema.properties,
    history: Type.Array(StretchSchema, { description: 'Oldest first; empty where nothing is kept.' }),
  },
  'WorkerDetail',
);
export type WorkerDetail = Static<typeof WorkerDetailSchema>;

/** All shares together. */
export const SharesViewSchema = view(
  'All shares since the start, or since when is said.',
  {
    accepted: count('Shares accepted.'),
    rejected: counts('Shares rejected, by error code.'),
    work: number('Sum of the credited difficulties.'),
    bestDifficulty: number('Of the best hash that was accepted; 0 without one.'),
    hashrate: HashrateSchema,
    blocks: count('Blocks among them.'),
    unacknowledged: maybe(count('Channels with shares that are not answered yet.')),
    sinceMs: maybe(timeMs('What is counted begins here.')),
    effort: maybe(number('Work since the last block in network difficulties: 1 is what a block takes on average.')),
    luck: maybe(number('Blocks found by what their work let expect: above 1 is lucky.')),
  },
  'Shares',
);
export type SharesView = Static<typeof SharesViewSchema>;
