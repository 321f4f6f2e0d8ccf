/** The host reads these addresses from the module's exported globals. */

/** 32 bytes for the key of the next call, which zeroes them. */
export const KEY: usize = memory.data(32, 16);
/** Up to 64 bytes of associated data, and room for padding. */
export const ASSOCIATED: usize = memory.data(96, 16);
/** What a call reads: a block with its MAC and a header before it, and slack for reading 128 bytes at once. */
export const INPUT: usize = memory.data(65_536 + 192, 16);
/** What a call writes: as large as INPUT. */
export const OUTPUT: usize = memory.data(65_536 + 192, 16);

/** Overwrites `length` bytes, rounded up to a multiple of 16, with zeros. */
export function zero(from: usize, length: usize): void {
  const nothing = i64x2.splat(0);
  for (let at: usize = 0; at < length; at += 16) v128.store(from + at, nothing);
}
