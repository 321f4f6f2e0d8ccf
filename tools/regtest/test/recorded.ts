import { readJournal, type ShareAccepted } from '@sv2kit/ledger';

/** What a journal holds, by what the outside knows of it. */
export interface Recorded {
  /** Of each run, oldest first. */
  readonly bootEpochs: readonly number[];
  /** Each channel's prefix in hex, with the boot epoch of its run. */
  readonly epochOf: ReadonlyMap<string, number>;
  /** Accepted shares by `shareKey`: more than one would be one credited twice. */
  readonly shares: ReadonlyMap<string, readonly ShareAccepted[]>;
  readonly count: number;
}

/** A share of a channel, beyond runs. @param prefix - in hex */
export const shareKey = (prefix: string, sequenceNumber: number): string => `${prefix}/${sequenceNumber}`;

/** Reads a whole journal, which may be one that was left in the middle of a write. */
export async function recorded(directory: string): Promise<Recorded> {
  const bootEpochs: number[] = [];
  const epochOf = new Map<string, number>();
  const shares = new Map<string, ShareAccepted[]>();
  const channels = new Map<number, string>();
  let count = 0;
  for await (const { record } of readJournal(directory)) {
    if (record.type === 'Start') {
      bootEpochs.push(record.bootEpoch);
      channels.clear();
    } else if (record.type === 'ChannelOpened') {
      const prefix = Buffer.from(record.extranoncePrefix).toString('hex');
      channels.set(record.channelKey, prefix);
      epochOf.set(prefix, bootEpochs.at(-1) ?? 0);
    } else if (record.type === 'ShareAccepted') {
      const key = shareKey(channels.get(record.channelKey) ?? 'no channel', record.sequenceNumber);
      shares.set(key, [...(shares.get(key) ?? []), record]);
      count += 1;
    }
  }
  return { bootEpochs, epochOf, shares, count };
}
