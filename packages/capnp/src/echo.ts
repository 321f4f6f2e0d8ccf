import { FAR, tableBytes, WORD } from './pointers.ts';
import { MESSAGE } from './rpc-messages.ts';

/**
 * Answers a message of a kind that is not known here with itself (rpc.capnp, Message.unimplemented).
 *
 * Its segments stay as they are, so that every pointer in them holds, but for the root pointer. It gives way to a far
 * pointer to the new root, which is in one more segment and leads back to the old one.
 */
export function unimplementedMessage(frame: Uint8Array): Uint8Array {
  const from = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const segments = from.getUint32(0, true) + 1;
  const oldTable = tableBytes(segments);
  const table = tableBytes(segments + 1);
  const added = table + frame.length - oldTable;

  const echo = new Uint8Array(added + ADDED_WORDS * WORD);
  const view = new DataView(echo.buffer);
  echo.set(frame.subarray(0, 4 + 4 * segments));
  echo.set(frame.subarray(oldTable), table);
  view.setUint32(0, segments, true);
  view.setUint32(4 + 4 * segments, ADDED_WORDS, true);

  const put = (at: number, low: number, high: number): void => {
    view.setUint32(at, low, true);
    view.setUint32(at + 4, high, true);
  };
  const [low, high] = [from.getUint32(oldTable, true), from.getUint32(oldTable + 4, true)];
  put(table, FAR, segments);
  put(added, 0, ONE_AND_ONE);
  put(added + WORD, MESSAGE.unimplemented, 0);
  if ((low & 3) === FAR) {
    put(added + 2 * WORD, low, high);
  } else {
    put(added + 2 * WORD, (PAD << 3) | DOUBLE_FAR, segments);
    put(added + PAD * WORD, ((1 + (low >> 2)) << 3) | FAR, 0);
    put(added + (PAD + 1) * WORD, low & 3, high);
  }
  return echo;
}

/** The added segment: pointer to the root, the root's data and pointer, and the landing pad of that pointer. */
const ADDED_WORDS = 5;
const PAD = 3;
const DOUBLE_FAR = 4 | FAR;
/** Sizes of the root: one word of data, one pointer. */
const ONE_AND_ONE = (1 << 16) | 1;
