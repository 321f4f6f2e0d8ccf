/** Most bytes that a worker's name has in a share (extension 0x0002). */
const MOST_BYTES = 32;

/** A worker's name as a share carries it: the first bytes, without half a character at the end. @param name UTF-8 */
export function workerField(name: Uint8Array): Uint8Array {
  if (name.length <= MOST_BYTES) return name;
  let end = MOST_BYTES;
  while (end > 0 && isContinuation(name[end] as number)) end -= 1;
  return name.subarray(0, end);
}

/** Whether a byte goes on with the character of the byte before. */
function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
