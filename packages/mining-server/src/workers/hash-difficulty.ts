/** The target of difficulty 1, rounded to the precision of a number. */
const DIFFICULTY_1 = 0xffff * 2 ** 208;
/** Bytes that are exact in a number. */
const DIGITS = 6;

/**
 * The difficulty that a hash would just meet, to 12 digits; without allocation, as it is asked for every share.
 * @param hash internal byte order
 */
export function difficultyOfHash(hash: Uint8Array): number {
  let top = hash.length - 1;
  while (top > 0 && hash[top] === 0) top -= 1;
  const low = Math.max(0, top - DIGITS + 1);
  let value = 0;
  for (let index = top; index >= low; index -= 1) value = value * 256 + (hash[index] as number);
  return DIFFICULTY_1 / (value * 256 ** low);
}
