import { type ChannelView, type Events as EventsOf, Events, pageOf } from '../src/index.ts';
import { ChannelViewSchema } from '../src/schemas/mining.ts';
import { listOf } from '../src/schemas/page.ts';
import { finite } from '../src/surface/finite.ts';

const hashrate = { oneMinute: 1e12, tenMinutes: 1e12, oneHour: 1e12, oneDay: 1e12 };
const view = (channelId: number): ChannelView => ({
  connection: 7,
  channelId,
  kind: 'extended',
  user: 'bc1qexample.rig1',
  worker: 'rig1',
  hashrate,
  accepted: 5,
  rejected: { 'stale-share': 1 },
  work: 12.5,
  bestDifficulty: 3,
  device: 'acme 1',
  difficulty: 1000,
  openedAtMs: 1_700_000_000_000,
});
const schema = listOf('Channels.', ChannelViewSchema);
const channels = Array.from({ length: 10_000 }, (_, id) => id);
const page = { offset: 9000, limit: 1000 };
const told = { offset: 9000, limit: 1000, ...pageOf(channels, page, view) };

const heard = (readers: number): EventsOf => {
  const events = new Events();
  for (let reader = 0; reader < readers; reader++) events.on(() => {});
  return events;
};
const [unheard, crowded] = [heard(0), heard(16)];
const opened = { type: 'channel-opened', connection: 1, channelId: 2, user: 'alice', worker: 'rig1' } as const;

/** What to measure: name -> one iteration. Run by `npm run bench -- monitor`. */
export const suite: Record<string, () => void> = {
  'tell an event that nobody hears': () => unheard.emit(opened),
  'tell an event that sixteen hear': () => crowded.emit(opened),
  'make a page of 1,000 channels of 10,000': () => void pageOf(channels, page, view),
  'look through it for what is no number': () => void finite(schema, told),
};
