import { utf8 } from '@sv2kit/codec';

const SLAB_SIZE = 16_384;
/** Longer lines are few. */
const SHORT = 128;
const LAST_ASCII = 0x7f;
/** Answers are short and many, written once and never changed: a buffer for each would cost more than what it holds. */
let slab = new ArrayBuffer(SLAB_SIZE);
let used = 0;

/** A line as UTF-8. The bytes may share their buffer with other lines. */
export function lineBytes(line: string): Uint8Array {
  const { length } = line;
  if (length > SHORT) return utf8(line);
  if (used + length > SLAB_SIZE) {
    slab = new ArrayBuffer(SLAB_SIZE);
    used = 0;
  }
  const bytes = new Uint8Array(slab, used, length);
  for (let at = 0; at < length; at += 1) {
    const code = line.charCodeAt(at);
    if (code > LAST_ASCII) return utf8(line);
    bytes[at] = code;
  }
  used += length;
  return bytes;
}
