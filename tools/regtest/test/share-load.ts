import { setImmediate as nextTurn } from 'node:timers/promises';
import { MAX_TARGET } from '@sv2kit/bitcoin';
import type { MiningFromServer } from '@sv2kit/codec';
import type { Share, TestChannel, TestMiner } from '../src/index.ts';

/** Any hash is a share. */
const EVERY_HASH = { nominalHashRate: 1, maxTarget: MAX_TARGET };
/** Shares between two looks at what has been answered; one burst is always under way. */
const BURST = 16;
/** Of a load: whatever it waits for has its own patience. */
const LONGEST_MS = 100_000;

/** What one channel was told, by the end of its connection. */
export interface Told {
  /** Hex; names the channel beyond its run. */
  readonly prefix: string;
  readonly sent: readonly Share[];
  readonly acknowledged: readonly Share[];
  readonly refused: number;
}

/**
 * Three channels of both kinds, over two connections, submit shares until these have ended.
 *
 * @param shares how many are sent before `then` is called
 */
export async function loadThreeChannels(
  [one, other]: readonly [TestMiner, TestMiner],
  shares: number,
  then: () => void,
): Promise<readonly Told[]> {
  const channels = [
    { miner: one, channel: await one.open('standard', EVERY_HASH) },
    { miner: one, channel: await one.open('extended', EVERY_HASH) },
    { miner: other, channel: await other.open('extended', EVERY_HASH) },
  ];
  let left = shares;
  const onSent = (): void => {
    left -= 1;
    if (left === 0) then();
  };
  return await Promise.all(channels.map(({ miner, channel }) => loadUntilTheEnd(miner, channel, onSent)));
}

/** Submits shares without end: resolves when the connection has ended. @param onSent - called behind each share */
export async function loadUntilTheEnd(miner: TestMiner, channel: TestChannel, onSent: () => void): Promise<Told> {
  // A pool that stops closes its channels.
  const { channelId, extranoncePrefix } = channel.opened;
  const prefix = Buffer.from(extranoncePrefix).toString('hex');
  const sent: Share[] = [];
  const load = async (): Promise<never> => {
    for (;;) {
      const before = sent.at(-1);
      for (let i = 0; i < BURST; i += 1) {
        const share = await channel.solve();
        sent.push(share);
        miner.send(share);
        onSent();
      }
      // Also where nothing is to be waited for, what is sent must leave and what comes must be read: the end above all.
      await nextTurn();
      if (before !== undefined) await channel.answer(before);
    }
  };
  const end = miner.closed(LONGEST_MS);
  // Shares of a connection that has ended are not answered: that is no failure of the load.
  await Promise.race([end, load().catch(() => end)]);
  return { prefix, sent, ...acknowledged(sent, miner.messages.items, channelId) };
}

/** Follows the batches: each is for so many open shares, up to the one that it names (§5.3.13). */
function acknowledged(
  sent: readonly Share[],
  said: readonly MiningFromServer[],
  channelId: number,
): Pick<Told, 'acknowledged' | 'refused'> {
  const open = [...sent];
  const covered: Share[] = [];
  let refused = 0;
  for (const message of said) {
    if (!('channelId' in message) || message.channelId !== channelId) continue;
    if (message.type === 'SubmitSharesError') {
      const { sequenceNumber } = message;
      refused += open.splice(open.findIndex((share) => share.sequenceNumber === sequenceNumber) >>> 0, 1).length;
    }
    if (message.type !== 'SubmitSharesSuccess') continue;
    const batch = open.splice(0, message.newSubmitsAcceptedCount);
    const last = batch.at(-1)?.sequenceNumber;
    if (last !== message.lastSequenceNumber) {
      throw new Error(`a batch names share ${message.lastSequenceNumber}, but by its count it ends at ${last}`);
    }
    covered.push(...batch);
  }
  return { acknowledged: covered, refused };
}
