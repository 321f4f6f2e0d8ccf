/** How the bytes of a pool's extranonce2 shall be shared out. */
export interface RoomWish {
  /** Bytes that tell channels apart; undefined: as many as there are, up to 2. */
  readonly indexBytes: number | undefined;
  /** Least bytes that extended channels find behind their prefix. */
  readonly rolled: number;
}

/** Whether V2 channels fit a pool's extranonce2. */
export type ExtranonceRoom =
  | {
      readonly kind: 'room';
      readonly indexBytes: number;
      /** Channels that can be open at once. */
      readonly channels: number;
      /** Bytes that are left for extended channels to roll. */
      readonly rolled: number;
    }
  | { readonly kind: 'too-small'; readonly message: string };

/** 65,536 channels on one pool connection. */
const USUAL_INDEX_BYTES = 2;

/**
 * Shares a pool's extranonce2 out: its first bytes number the channels, the rest is rolled by extended channels. Standard
 * channels have it all in their prefix.
 *
 * @param extranonce2Size bytes, 1 or more
 */
export function extranonceRoom(extranonce2Size: number, { indexBytes, rolled }: RoomWish): ExtranonceRoom {
  const index = indexBytes ?? Math.min(USUAL_INDEX_BYTES, extranonce2Size - rolled);
  if (index >= 1 && index + rolled <= extranonce2Size) {
    return { kind: 'room', indexBytes: index, channels: 256 ** index, rolled: extranonce2Size - index };
  }
  const needed = Math.max(1, indexBytes ?? 1) + rolled;
  const message =
    `extranonce2 has ${bytes(extranonce2Size)} where ${needed} are needed ` +
    `(${Math.max(1, indexBytes ?? 1)} to tell channels apart, ${rolled} to roll): ${capacityWords(extranonce2Size)}`;
  return { kind: 'too-small', message };
}

/** What fits an extranonce2, for people: more channels mean fewer bytes for each to roll. */
export function capacityWords(extranonce2Size: number): string {
  const splits: string[] = [];
  for (let index = 0; index <= Math.min(extranonce2Size, USUAL_INDEX_BYTES); index += 1) {
    const rolled = extranonce2Size - index;
    const channels = 256 ** index;
    const kind =
      rolled === 0 ? 'standard channels alone' : `${channels === 1 ? 'channel' : 'channels'} rolling ${bytes(rolled)}`;
    splits.push(`${channels.toLocaleString('en-US')} ${kind}`);
  }
  return `it holds ${splits.join(', or ')}`;
}

function bytes(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`;
}
